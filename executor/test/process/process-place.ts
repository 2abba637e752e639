import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcessExecutor } from '../../src/process/create-process-executor.js';
import type { Place } from '../../suite/place.js';
import { allow } from '../../suite/place.js';

export interface ProcessPlace extends Place {
  readonly folder: string;
}

/** A data folder of its own; at the end everything in it is stopped and removed. */
export async function makeProcessPlace(): Promise<ProcessPlace> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'chainr-process-')));
  const open = () => createProcessExecutor({ folder, instance: 'some-instance' });
  return {
    folder,
    open,
    destroy: async () => {
      const executor = open();
      for (const found of await executor.list()) {
        if (found.alive) await executor.stop(found, 0, allow);
        await executor.remove(found, allow);
      }
      await executor.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

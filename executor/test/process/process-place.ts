import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attemptFolder } from '../../src/process/attempt-folder.js';
import { createProcessExecutor } from '../../src/process/create-process-executor.js';
import type { AttemptKey } from '../../src/port.js';
import { allow, type Place } from '../../suite/place.js';

export interface ProcessPlace extends Place {
  readonly folder: string;
  /** The folder of an attempt. */
  folderOf(key: AttemptKey): string;
}

/** The folder of an attempt in the data folder of a process executor. */
export const folderIn = (folder: string, key: AttemptKey): string => join(folder, 'attempts', attemptFolder(key));

/** A new data folder. At the end everything in it is stopped and removed. */
export async function makeProcessPlace(): Promise<ProcessPlace> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'chainr-process-')));
  const open = () => createProcessExecutor({ folder, instance: 'some-instance' });
  return {
    folder,
    folderOf: (key) => folderIn(folder, key),
    open,
    vanish: (key) => rm(folderIn(folder, key), { recursive: true }),
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

import { afterEach } from 'mocha';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endAllOf } from './processes-of.js';

export interface DataFolders {
  /** Creates an empty folder. */
  make(): Promise<string>;
}

/** Folders for the tests of a suite. After each test, processes in them are ended and the folders removed. */
export function useDataFolders(): DataFolders {
  const made: string[] = [];
  afterEach(async function () {
    this.timeout(30_000);
    for (const folder of made.splice(0)) {
      await endAllOf(folder);
      await rm(folder, { recursive: true, force: true });
    }
  });
  return {
    make: async () => {
      const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'chainr-up-')));
      made.push(folder);
      return folder;
    },
  };
}

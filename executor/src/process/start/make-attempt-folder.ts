import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AttemptKey } from '../../port.js';
import { instanceFile, workspaceOf } from '../attempt-folder.js';
import type { ProcessContext } from '../context.js';
import { createExclusively, saysGone } from '../small-files.js';

/** How often a folder is created again because its parents were removed at the same moment. */
const tries = 5;

/**
 * Creates the folder with its workspace. The first attempt of a run also records the run's instance (see Instances).
 */
export function makeAttemptFolder(context: ProcessContext, key: AttemptKey, path: string): void {
  for (let left = tries; ; left -= 1) {
    try {
      const first = mkdirSync(workspaceOf(path), { recursive: true });
      const run = join(context.attempts, key.run);
      if (first === run) createExclusively(join(run, instanceFile), `${context.instance}\n`);
      return;
    } catch (error) {
      // Removing the run's last other attempt also removes the folders above, perhaps at this moment.
      if (left <= 1 || !saysGone(error)) throw error;
    }
  }
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptKey, FoundAttempt } from '../port.js';
import { instanceFile, parseAttemptFolder } from './attempt-folder.js';
import { pathOf, type ProcessContext } from './context.js';
import { sessionMembers } from './end/end-session.js';
import { lookAtAttempt } from './watch/look-at-attempt.js';
import { saysGone } from './small-files.js';
import { stepLeaders } from './end/step-sessions.js';

/** The attempts of this instance whose folders are here. */
export async function listAttempts(context: ProcessContext): Promise<FoundAttempt[]> {
  const found: FoundAttempt[] = [];
  for (const run of await foldersIn(context.attempts)) {
    if (await isForeign(context, run)) continue;
    for (const job of await foldersIn(join(context.attempts, run))) {
      for (const attempt of await foldersIn(join(context.attempts, run, job))) {
        const key = parseAttemptFolder(run, job, attempt);
        if (key) found.push({ ...key, alive: isAnythingAlive(context, key) });
      }
    }
  }
  return found;
}

function isAnythingAlive(context: ProcessContext, key: AttemptKey): boolean {
  const path = pathOf(context, key);
  const { kind } = lookAtAttempt(path);
  if (kind === 'running' || kind === 'claimed') return true;
  return kind === 'abandoned' && stepLeaders(path).some((leader) => sessionMembers(leader, key).length > 0);
}

/**
 * A run without an instance file was started by a worker that died at that very moment. It is ours unless another
 * instance claims it.
 */
async function isForeign(context: ProcessContext, run: string): Promise<boolean> {
  try {
    const owner = (await readFile(join(context.attempts, run, instanceFile), 'utf8')).trim();
    return owner !== '' && owner !== context.instance;
  } catch (error) {
    if (saysGone(error)) return false;
    throw error;
  }
}

async function foldersIn(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (saysGone(error)) return [];
    throw error;
  }
}

import { chmod, lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AttemptKey, WriteGuard } from '../port.js';
import { attemptFolder, instanceFile } from './attempt-folder.js';
import { pathOf, type ProcessContext } from './context.js';
import { lookAtAttempt } from './look-at-attempt.js';
import { errorCode, namesIfThere, saysGone } from './read-if-there.js';
import { endSessions } from './step-sessions.js';

/** Removes an ended attempt's folder with its workspace. Throws if the attempt is still supervised. */
export async function removeAttempt(context: ProcessContext, key: AttemptKey, guard: WriteGuard): Promise<void> {
  const path = pathOf(context, key);
  const { kind } = lookAtAttempt(path);
  if (kind === 'running' || kind === 'claimed') throw new Error(`${attemptFolder(key)} still runs; stop it first.`);
  guard();
  await endSessions(path, key);
  guard();
  await removeTree(path);
  context.pendingStarts.delete(attemptFolder(key));
  context.removedUpTo.delete(attemptFolder(key));
  const job = dirname(path);
  const run = dirname(job);
  guard();
  if (!(await removeIfEmpty(job))) return;
  if (namesIfThere(run).some((name) => name !== instanceFile)) return;
  await rm(join(run, instanceFile), { force: true });
  await removeIfEmpty(run);
}

async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (errorCode(error) !== 'EACCES' && errorCode(error) !== 'EPERM') throw error;
    // A job may have left folders that even their owner may not change.
    await openFolders(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function openFolders(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o700);
  for (const name of await readdir(path)) await openFolders(join(path, name));
}

async function removeIfEmpty(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOTEMPTY') return false;
    if (saysGone(error)) return true;
    throw error;
  }
}

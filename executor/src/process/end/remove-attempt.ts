import { randomUUID } from 'node:crypto';
import { chmod, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AttemptKey, WriteGuard } from '../../port.js';
import { attemptFolder, instanceFile } from '../attempt-folder.js';
import { pathOf, type ProcessContext } from '../context.js';
import { lookAtAttempt } from '../watch/look-at-attempt.js';
import { errorCode, namesIfThere, saysGone } from '../small-files.js';
import { endSessions } from './step-sessions.js';

/** The kernel accepts paths of 4,095 bytes. A name has up to 255 characters here, of up to three bytes each. */
const longestPathBytes = 1000;

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
    await removeAll(path);
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENAMETOOLONG'].includes(errorCode(error))) throw error;
    // A job may have left folders that even their owner cannot change, or whose path is too long.
    await openFolders(path, path);
    await removeAll(path);
  }
}

/** If a file cannot be removed, Node takes it for a folder and reports ENOTDIR. This does not. */
async function removeAll(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') await unlink((error as NodeJS.ErrnoException).path ?? path);
    throw error;
  }
}

/** Makes a folder and everything below writable. Moves what lies too deep for a path to the top. */
async function openFolders(folder: string, top: string): Promise<void> {
  let path = folder;
  try {
    await chmod(path, 0o700);
    if (path.length > longestPathBytes) {
      path = join(top, `deep-${randomUUID()}`);
      await rename(folder, path);
    }
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (entry.isDirectory()) await openFolders(join(path, entry.name), top);
    }
  } catch (error) {
    // A removal that failed in one place may still be running in others.
    if (!saysGone(error)) throw error;
  }
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

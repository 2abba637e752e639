import { randomUUID } from 'node:crypto';
import { chmod, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AttemptKey, WriteGuard } from '../port.js';
import { attemptFolder, instanceFile } from './attempt-folder.js';
import { pathOf, type ProcessContext } from './context.js';
import { lookAtAttempt } from './look-at-attempt.js';
import { errorCode, namesIfThere, saysGone } from './read-if-there.js';
import { endSessions } from './step-sessions.js';

/** The kernel takes paths of 4,095 bytes; a name has 255 at most, of up to three to a character. */
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
    // A job may have left folders that even their owner may not change, or that no path reaches.
    await openFolders(path, path);
    await removeAll(path);
  }
}

/** Node takes a file that may not be removed for a folder, and says only that it is none (ENOTDIR): not so this. */
async function removeAll(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') await unlink((error as NodeJS.ErrnoException).path ?? path);
    throw error;
  }
}

/** Makes a folder and all below writable, and moves to the top what lies so deep that its path is too long to be named. */
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
    // A removal that has failed in one place may still be at work in others.
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

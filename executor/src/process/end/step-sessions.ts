import { join } from 'node:path';
import type { AttemptKey } from '../../port.js';
import { stepFile } from '../attempt-folder.js';
import { saysFull } from '../output/disk-space.js';
import { endSession } from './end-session.js';
import { parseIdentity, type Identity } from '../identity.js';
import type { Supervisor } from '../watch/look-at-attempt.js';
import { createExclusively, namesIfThere, readIfThere, saysGone } from '../small-files.js';

/** The session leaders of all steps that recorded one. */
export function stepLeaders(path: string): Identity[] {
  return namesIfThere(path).flatMap((name) =>
    /^\d+\.group$/.test(name) ? (parseIdentity(readIfThere(join(path, name)) ?? '') ?? []) : [],
  );
}

/** Kills everything left of an attempt's steps, and resolves when nothing is. */
export async function endSessions(path: string, key: AttemptKey): Promise<void> {
  for (const leader of stepLeaders(path)) await endSession(leader, key);
}

/**
 * Ends what a dead supervisor left behind. First it takes the names of all steps that have not begun, so that a step on
 * its way never runs user code. Every other step has recorded its session by then.
 */
export async function endRemains(path: string, key: AttemptKey, supervisor: Supervisor | undefined): Promise<void> {
  try {
    supervisor?.tolerated.forEach((_, index) =>
      createExclusively(join(path, stepFile(index, 'started')), 'tombstone\n'),
    );
  } catch (error) {
    // Without its folder no step can begin. On a full disk a name can still be taken, by an empty file.
    if (!saysGone(error) && !saysFull(error)) throw error;
  }
  await endSessions(path, key);
}

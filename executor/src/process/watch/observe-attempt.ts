import type { Outcome } from '@chainr/core/engine/outcome';
import type { AttemptSpec, PhaseChange } from '../../port.js';
import { attemptFiles, stepFile } from '../attempt-folder.js';
import { pathOf, type ProcessContext } from '../context.js';
import { AttemptFollower, type AttemptEnd } from './follow-attempt.js';
import { executingSince, lostOutcome, readOutcome, tombstoneOutcome } from './read-outcome.js';

const concerns = (file: string): boolean =>
  file === attemptFiles.exit || file === attemptFiles.started || file === stepFile(0, 'started');

/** Follows an attempt to its end; see the port. An attempt that has ended at the first look reports no phase. */
export async function observeAttempt(
  context: ProcessContext,
  spec: AttemptSpec,
  onPhase: (change: PhaseChange) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  const path = pathOf(context, spec);
  const follower = new AttemptFollower(context, spec);
  const watch = context.board.open(path, concerns, signal);
  let executing = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const ended = await follower.look();
      if (ended) return outcomeOf(ended, path, spec);
      const since = executing ? undefined : executingSince(path);
      if (since !== undefined) {
        executing = true;
        onPhase({ reason: 'Executing', at: since });
      }
      await watch.next();
    }
  } finally {
    watch.close();
  }
}

function outcomeOf(ended: AttemptEnd, path: string, spec: AttemptSpec): Outcome {
  switch (ended.kind) {
    case 'ended':
      return readOutcome(path, spec, ended.end);
    case 'tombstone':
      return tombstoneOutcome(ended.tombstone);
    case 'abandoned':
      return lostOutcome(
        path,
        spec,
        'Its supervisor was killed or the machine went down; nothing of it runs any more.',
      );
    case 'removed':
      return ended.unseen
        ? { reason: 'Lost', message: 'Its folder was removed before anybody saw how it ended.' }
        : { reason: 'Deleted', message: 'Its folder was removed while it ran.' };
    case 'nothing':
      return { reason: 'Lost', message: 'Nothing of it was found on this machine.' };
  }
}

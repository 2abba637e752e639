import { within } from '@chainr/core/async/within';
import { formatExactDuration } from '@chainr/core/pipeline/duration';
import type { WorkContext } from '../context.js';
import type { Attempt } from './attempt.js';
import { LogWriter } from './log-writer.js';
import { resolveReferences } from './resolve-references.js';
import { outputOut, retryDuringOutage } from './retry-during-outage.js';

/** A log that is being written since its attempt began. */
export interface RunningLog {
  writer: LogWriter;
  /** Resolves when all output is stored. */
  written: Promise<void>;
}

/** Closes an ended attempt: the rest of its log is stored, then its end mark, then the lease ends. */
export async function closeAttempt(context: WorkContext, attempt: Attempt, log: RunningLog): Promise<void> {
  await settleLog(context, attempt, log);
  await log.writer.end();
  await closeLease(context, attempt);
}

/**
 * Closes an ended attempt whose log this worker has not read yet.
 * @param cut do not read it, since workers died of that
 */
export async function closeUnreadAttempt(
  context: WorkContext,
  attempt: Attempt,
  { logEnded, cut }: { logEnded: boolean; cut: boolean },
): Promise<void> {
  if (logEnded) return closeLease(context, attempt);
  const refusal = cut ? undefined : await resolveReferences(context, attempt);
  const writer = new LogWriter(context, attempt);
  writer.attemptEnded();
  if (refusal === undefined && !cut) {
    const written = retryDuringOutage(context, attempt, () => writer.write(), outputOut);
    return closeAttempt(context, attempt, { writer, written });
  }
  if (refusal !== undefined) await cutUnmasked(writer, refusal);
  else await writer.cut('The log is cut here: workers repeatedly died soon after they started to read it.');
  await writer.end();
  await closeLease(context, attempt);
}

export const cutUnmasked = (writer: LogWriter, refusal: string): Promise<void> =>
  writer.cut(`The log is cut here, since its secrets cannot be hidden any more: ${refusal}`);

async function closeLease(context: WorkContext, attempt: Attempt): Promise<void> {
  attempt.enter('closing');
  context.reach('before-close');
  const reply = await context.store.transitions.close(attempt.held.lease, context.config.removalGraceMs);
  attempt.enter(reply === 'ok' ? 'closed' : 'left');
}

/** Resolves when all output is stored, or a mark says what is missing (see Ended is not closed). */
export async function settleLog(
  { config: { logEndMs } }: WorkContext,
  { held }: Attempt,
  { writer, written }: RunningLog,
): Promise<void> {
  for (;;) {
    const leftMs = writer.progressAt + logEndMs - performance.now();
    if (leftMs <= 0) break;
    const outcome = await within(Math.ceil(leftMs), written, () => 'late');
    if (outcome !== 'late') return;
  }
  await writer.cut(`The log is cut here: its end did not arrive within ${formatExactDuration(logEndMs)}.`);
  held.abandon();
}

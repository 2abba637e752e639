import type { Outcome } from '@chainr/core/engine/outcome';
import { reasonTable } from '@chainr/core/engine/reasons';
import type { ClaimedAttempt } from '@chainr/core/store/script/read-claim';
import type { AgainReply, PhaseAges } from '@chainr/core/store/script/transition-types';
import type { WorkContext } from '../context.js';
import type { Attempt } from './attempt.js';
import { closeAttempt, closeUnreadAttempt, settleLog, type RunningLog } from './close-attempt.js';

/** An end that was seen and is to be recorded. */
export interface ObservedEnd {
  outcome: Outcome;
  /** `cut`: nothing more of it will be stored. `unread`: it is read after the end is recorded. */
  log: RunningLog | 'cut' | 'unread';
}

/** The dependents that were claimed with an end, and when that was sent (`performance.now()`). */
export interface FusedDependents {
  claimed: readonly ClaimedAttempt[];
  sentAt: number;
}

/** The longest tick of a kernel is 10 ms. */
const clockLagMs = 10;
/** 128 + SIGTERM and 128 + SIGKILL: the exit codes of a stopped attempt. */
const signalCodes: readonly number[] = [143, 137];

/**
 * Records the end. If all output is stored, the attempt is closed together with it, unless Redis has lost some of it
 * since. Afterwards the attempt is `closed`, `ended` (then `closeAfterEnd` closes it) or `left`.
 * @param atMost so many dependents may be claimed with it
 */
export async function endAttempt(
  context: WorkContext,
  attempt: Attempt,
  { outcome, log }: ObservedEnd,
  atMost: number,
): Promise<FusedDependents> {
  const { leaseTtlMs, removalGraceMs } = context.config;
  const sentAt = performance.now();
  const logLength = storedLength(log);
  if (logLength !== undefined) attempt.enter('closing');
  context.reach('before-finish');
  const reply = await context.store.transitions.finish(attempt.held.lease, outcome, agesOf(outcome), {
    ...(atMost > 0 && { fuse: { ttlMs: leaseTtlMs, atMost } }),
    ...(logLength !== undefined && { closeGraceMs: removalGraceMs, logLength }),
  });
  context.reach('after-finish');
  if (reply.kind === 'stale') {
    attempt.enter('left');
    return { claimed: [], sentAt };
  }
  attempt.enter(logLength !== undefined && !reply.open ? 'closed' : 'ended');
  return { claimed: reply.fused, sentAt };
}

/** The length of a log of which all is stored; undefined if more may come. */
function storedLength(log: ObservedEnd['log']): number | undefined {
  if (typeof log === 'string') return log === 'cut' ? 0 : undefined;
  return log.writer.allStored ? log.writer.length : undefined;
}

/** Closes an attempt that `endAttempt` could not close. */
export function closeAfterEnd(context: WorkContext, attempt: Attempt, { log }: ObservedEnd): Promise<void> {
  return typeof log === 'string'
    ? closeUnreadAttempt(context, attempt, { logEnded: false, cut: false })
    : closeAttempt(context, attempt, log);
}

/** Records that another attempt follows. `logLength`: how much of this attempt's log is stored. */
export type RecordNext = (logLength: number) => Promise<AgainReply>;

/** The call that leads to another attempt; undefined if none may follow. */
export function findNext(context: WorkContext, attempt: Attempt, outcome: Outcome): RecordNext | undefined {
  if (wasInterrupted(attempt, outcome)) return requeue(context, attempt);
  return mayBeTriedAgain(attempt, outcome) ? retry(context, attempt, outcome) : undefined;
}

/**
 * Whether the interruption ended the attempt, or it had ended before. File times lag behind the clock by up to a kernel
 * tick, so an end with the signal's own code right before the signal counts as caused by it.
 */
function wasInterrupted({ interruptedAt }: Attempt, { endedAt = Infinity, exitCode }: Outcome): boolean {
  const lagMs = exitCode !== undefined && signalCodes.includes(exitCode) ? clockLagMs : 0;
  return interruptedAt !== undefined && endedAt + lagMs >= interruptedAt;
}

/**
 * The script decides whether a budget is left. An attempt that a person or the run's timeout asked to end does not
 * follow.
 */
function mayBeTriedAgain(attempt: Attempt, { reason }: Outcome): boolean {
  const { retries } = attempt;
  // An attempt that ended before it could be interrupted has only its own cause.
  const stop = attempt.stop === 'Interrupted' ? undefined : attempt.stop;
  if (stop !== undefined) return retries !== undefined && reasonTable[stop].budget === 'user';
  const { budget } = reasonTable[reason];
  return budget === 'infrastructure' || (budget === 'user' && retries !== undefined);
}

const agesOf = ({ startedAt }: Outcome): PhaseAges =>
  startedAt === undefined ? {} : { startedMs: Date.now() - startedAt };

const requeued = 'Its worker was shut down while it ran; it starts again when a worker is free.';

/** The next attempt is ready at once. */
const requeue =
  ({ store, config: { removalGraceMs } }: WorkContext, { held }: Attempt): RecordNext =>
  (logLength) =>
    store.transitions.requeue(held.lease, 'Interrupted', requeued, { removalGraceMs, logLength });

/** The next attempt follows after a backoff, if the budget allows. */
const retry =
  ({ store, config: { removalGraceMs } }: WorkContext, { held, retries }: Attempt, outcome: Outcome): RecordNext =>
  (logLength) => {
    const options = { removalGraceMs, logLength, ...(retries && { retries }) };
    return store.transitions.retry(held.lease, outcome, agesOf(outcome), options);
  };

/**
 * Ends an attempt that another one follows. Its whole log is stored before, since its row is replaced. The end mark
 * comes in the same call: a worker that adopts it before that continues the log.
 */
export async function endBeforeNext(
  context: WorkContext,
  attempt: Attempt,
  outcome: Outcome,
  log: RunningLog,
  recordNext: RecordNext,
): Promise<void> {
  const { writer } = log;
  await settleLog(context, attempt, log);
  attempt.enter('closing');
  context.reach('before-next-attempt');
  let reply = await recordNext(writer.length);
  for (; reply === 'log-lost'; reply = await recordNext(writer.length)) await writer.storeAgain();
  if (reply !== 'final') {
    attempt.enter(reply === 'ok' ? 'closed' : 'left');
    return;
  }
  const whole = { closeGraceMs: context.config.removalGraceMs, logLength: writer.length };
  const finished = await context.store.transitions.finish(attempt.held.lease, outcome, agesOf(outcome), whole);
  if (finished.kind === 'stale') {
    attempt.enter('left');
  } else if (finished.open) {
    attempt.enter('ended');
    await closeAttempt(context, attempt, log);
  } else {
    attempt.enter('closed');
  }
}

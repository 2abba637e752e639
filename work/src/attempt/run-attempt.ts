import type { Outcome } from '@chainr/core/engine/outcome';
import { reasonTable } from '@chainr/core/engine/reasons';
import type { AgainReply, PhaseAges } from '@chainr/core/store/script/transition-types';
import type { ClaimedAttempt } from '@chainr/core/store/script/read-claim';
import type { PhaseChange } from '@chainr/executor/port';
import type { Attempt } from './attempt.js';
import type { WorkContext } from '../context.js';
import { resolveReferences } from './resolve-references.js';
import type { HeldLease } from '../leases/held-lease.js';
import { LogWriter } from './log-writer.js';
import { outputOut, retryDuringOutage } from './retry-during-outage.js';

/** What is left to do after an attempt's end. */
export interface EndedAttempt {
  /** The dependents that were claimed with the end, and when that was sent (`performance.now()`). */
  fused: { claimed: readonly ClaimedAttempt[]; sentAt: number };
  /** Resolves when the attempt is closed; absent if it is, or another worker will close it. */
  closed?: Promise<void>;
}

/** The longest tick of a kernel is 10 ms. */
const clockLagMs = 10;
/** 128 + SIGTERM and 128 + SIGKILL: the exit codes of a stopped attempt. */
const signalCodes: readonly number[] = [143, 137];
/** Most attempts begin within this time and need no deadline for it. */
const pendingAfterMs = 1_000;

/**
 * Takes an attempt from its claim or adoption to its end (life of a run, steps 5 to 7): ensure, observe, finish. Its
 * log is written in parallel.
 * @param places called right before the end is sent: how many dependents may be claimed with it
 * @throws LeaseLost or HandedOver if the lease is gone
 */
export async function runAttempt(context: WorkContext, attempt: Attempt, places: () => number): Promise<EndedAttempt> {
  const { held } = attempt;
  const slow = setTimeout(() => { report(context, attempt, { reason: 'Starting', at: Date.now() }); }, pendingAfterMs); // prettier-ignore
  try {
    // An attempt that must stop is stopped before its output is read: that may be what kills workers (see Crash loops).
    if (held.stop !== undefined) await stopAttempt(context, attempt);
    if (held.stop === 'WorkerCrashed') return await endCrashed(context, attempt, places);
    const refusal = attempt.references && (await resolveReferences(context, attempt));
    if (refusal !== undefined) return await refuse(context, attempt, refusal, places);
    await begin(context, attempt);
    const log = new LogWriter(context, attempt);
    const written = retryDuringOutage(context, attempt, () => log.write(), outputOut);
    written.catch(() => undefined); // It is awaited after the attempt's end.
    const seen = await retryDuringOutage(context, attempt, () => observe(context, attempt, () => { clearTimeout(slow); })); // prettier-ignore
    const outcome = attempt.mask.outcome(seen);
    log.attemptEnded();
    const again = followUp(context, attempt, outcome);
    if (again) return { fused: nothing, closed: endWith(again, context, held, outcome, log, written) };
    const whole = log.allStored && { logLength: log.length };
    return await finish(context, held, outcome, { atMost: places(), whole }, () => close(context, held, log, written));
  } finally {
    clearTimeout(slow);
  }
}

/**
 * Ends an attempt when something that it refers to is missing. It may be running, if another worker still had the value
 * when it started it. It is then stopped, and its further output is dropped: without the secrets nothing can hide them.
 */
async function refuse(
  context: WorkContext,
  attempt: Attempt,
  refusal: string,
  places: () => number,
): Promise<EndedAttempt> {
  const { held, spec } = attempt;
  await stopAttempt(context, attempt);
  const watch = () => context.executor.observe(spec, () => undefined, held.abandoned);
  const {
    reason: _reason,
    message: _message,
    outputs: _outputs,
    ...end
  } = await retryDuringOutage(context, attempt, watch);
  const hasRun = end.exitCode !== undefined || end.startedAt !== undefined;
  if (hasRun) await cutUnmasked(new LogWriter(context, attempt), refusal);
  const outcome: Outcome = { ...end, reason: 'ConfigError', message: refusal };
  return finish(context, held, outcome, { atMost: places(), whole: { logLength: 0 } }, () => Promise.resolve());
}

/**
 * Ends an attempt that was stopped because its workers died of it (see Crash loops). Its end is recorded before its log
 * is read, and without its own message. If it had already succeeded by itself, it has succeeded.
 */
async function endCrashed(context: WorkContext, attempt: Attempt, places: () => number): Promise<EndedAttempt> {
  const { held, spec } = attempt;
  const watch = () => context.executor.observe(spec, () => undefined, held.abandoned);
  const seen = await retryDuringOutage(context, attempt, watch);
  const stoppedAt = Date.now() - held.stopToldMs;
  const succeeded = seen.reason === 'Completed' && (seen.endedAt ?? Infinity) < stoppedAt;
  const isFilled = succeeded && (await resolveReferences(context, attempt)) === undefined;
  const { message: _message, outputs: _outputs, ...end } = seen;
  const outcome: Outcome = isFilled ? attempt.mask.outcome(seen) : { ...end, reason: 'WorkerCrashed' };
  const readLog = () => closeEndedAttempt(context, attempt, { logEnded: false, cut: false });
  return finish(context, held, outcome, { atMost: places(), whole: false }, readLog);
}

const cutUnmasked = (log: LogWriter, refusal: string): Promise<void> =>
  log.cut(`The log is cut here, since its secrets cannot be hidden any more: ${refusal}`);

/** An attempt that must stop is looked for and stopped, never created (see Cancels and stops). */
function begin(context: WorkContext, attempt: Attempt): Promise<void> {
  return attempt.held.stop === undefined
    ? retryDuringOutage(context, attempt, () => context.executor.ensure(attempt.spec, attempt.held.guard))
    : stopAttempt(context, attempt);
}

/** Sends SIGTERM, and SIGKILL after the grace, which counts from when a worker was first told. */
export function stopAttempt(context: WorkContext, attempt: Attempt): Promise<void> {
  const { held, spec } = attempt;
  const graceMs = () => Math.max(0, context.config.stopGraceMs - held.stopToldMs);
  return retryDuringOutage(context, attempt, () => context.executor.stop(spec, graceMs(), held.guard));
}

/** The outcome, from the executor or from a second look. */
function observe(context: WorkContext, attempt: Attempt, onFirstChange: () => void): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    attempt.settle = resolve;
    const onPhase = (change: PhaseChange): void => {
      onFirstChange();
      report(context, attempt, change);
    };
    context.executor.observe(attempt.spec, onPhase, attempt.held.abandoned).then(resolve, reject);
  });
}

/**
 * Closes an attempt whose end is already recorded: only its log and its closing are left.
 * @param cut stop reading its log, since workers died of that
 */
export async function closeEndedAttempt(
  context: WorkContext,
  attempt: Attempt,
  { logEnded, cut }: { logEnded: boolean; cut: boolean },
): Promise<void> {
  const { held } = attempt;
  const refusal = logEnded || cut ? undefined : await resolveReferences(context, attempt);
  const log = new LogWriter(context, attempt);
  log.attemptEnded();
  if (logEnded) return closeLease(context, held);
  if (refusal === undefined && !cut) {
    return close(
      context,
      held,
      log,
      retryDuringOutage(context, attempt, () => log.write(), outputOut),
    );
  }
  if (refusal !== undefined) await cutUnmasked(log, refusal);
  else await log.cut('The log is cut here: workers repeatedly died soon after they started to read it.');
  await log.end();
  await closeLease(context, held);
}

/** The call that leads to another attempt; undefined if none may follow. */
function followUp(context: WorkContext, attempt: Attempt, outcome: Outcome): Again | undefined {
  if (wasInterrupted(attempt, outcome)) return requeue(context, attempt);
  return mayBeTriedAgain(attempt, outcome) ? retry(context, attempt, outcome) : undefined;
}

/**
 * The script decides whether a budget is left. No attempt follows one that a person or the run's timeout asked to end.
 */
function mayBeTriedAgain({ held, retries }: Attempt, { reason }: Outcome): boolean {
  // An attempt that ended before it could be interrupted has only its own cause.
  const stop = held.stop === 'Interrupted' ? undefined : held.stop;
  if (stop !== undefined) return retries !== undefined && reasonTable[stop].budget === 'user';
  const { budget } = reasonTable[reason];
  return budget === 'infrastructure' || (budget === 'user' && retries !== undefined);
}

const nothing: EndedAttempt['fused'] = { claimed: [], sentAt: 0 };

/**
 * If all output is stored (`whole`), the attempt is closed together with its end, unless Redis has lost some of it
 * since.
 */
async function finish(
  context: WorkContext,
  held: HeldLease,
  outcome: Outcome,
  { atMost, whole }: { atMost: number; whole: { logLength: number } | false },
  whenFinished: () => Promise<void>,
): Promise<EndedAttempt> {
  const { leaseTtlMs, removalGraceMs } = context.config;
  const sentAt = performance.now();
  held.ending = whole !== false;
  context.reach('before-finish');
  const reply = await context.store.transitions.finish(held.lease, outcome, agesOf(outcome), {
    ...(atMost > 0 && { fuse: { ttlMs: leaseTtlMs, atMost } }),
    ...(whole && { closeGraceMs: removalGraceMs, ...whole }),
  });
  context.reach('after-finish');
  if (reply.kind === 'stale') return { fused: nothing };
  const fused = { claimed: reply.fused, sentAt };
  if (whole && !reply.open) return { fused };
  held.ending = false;
  return { fused, closed: whenFinished() };
}

/**
 * Whether the interruption ended the attempt, or it had ended before. File times lag behind the clock by up to a kernel
 * tick, so an end with the signal's own code right before the signal counts as caused by it.
 */
function wasInterrupted({ interruptedAt }: Attempt, { endedAt = Infinity, exitCode }: Outcome): boolean {
  const lagMs = exitCode !== undefined && signalCodes.includes(exitCode) ? clockLagMs : 0;
  return interruptedAt !== undefined && endedAt + lagMs >= interruptedAt;
}

const agesOf = ({ startedAt }: Outcome): PhaseAges =>
  startedAt === undefined ? {} : { startedMs: Date.now() - startedAt };

/** Records that another attempt follows. `logLength`: how much of this attempt's log is stored. */
type Again = (logLength: number) => Promise<AgainReply>;

const requeued = 'Its worker was shut down while it ran; it starts again when a worker is free.';

/** The next attempt is ready at once. */
const requeue =
  ({ store, config: { removalGraceMs } }: WorkContext, { held }: Attempt): Again =>
  (logLength) =>
    store.transitions.requeue(held.lease, 'Interrupted', requeued, { removalGraceMs, logLength });

/** The next attempt follows after a backoff, if the budget allows. */
const retry =
  ({ store, config: { removalGraceMs } }: WorkContext, { held, retries }: Attempt, outcome: Outcome): Again =>
  (logLength) => {
    const options = { removalGraceMs, logLength, ...(retries && { retries }) };
    return store.transitions.retry(held.lease, outcome, agesOf(outcome), options);
  };

/**
 * Ends an attempt that another one follows. Its whole log is stored before, since its row is replaced. The end mark
 * comes in the same call: a worker that adopts it before that continues the log.
 */
async function endWith(
  again: Again,
  context: WorkContext,
  held: HeldLease,
  outcome: Outcome,
  log: LogWriter,
  written: Promise<void>,
): Promise<void> {
  await settleLog(context, held, log, written);
  held.ending = true;
  context.reach('before-next-attempt');
  let reply = await again(log.length);
  for (; reply === 'log-lost'; reply = await again(log.length)) await log.storeAgain();
  if (reply !== 'final') return;
  const { removalGraceMs: closeGraceMs } = context.config;
  const whole = { closeGraceMs, logLength: log.length };
  const finished = await context.store.transitions.finish(held.lease, outcome, agesOf(outcome), whole);
  if (finished.kind === 'ok' && finished.open) await close(context, held, log, written);
}

async function close(context: WorkContext, held: HeldLease, log: LogWriter, written: Promise<void>): Promise<void> {
  await settleLog(context, held, log, written);
  await log.end();
  await closeLease(context, held);
}

async function closeLease(context: WorkContext, held: HeldLease): Promise<void> {
  held.ending = true;
  context.reach('before-close');
  await context.store.transitions.close(held.lease, context.config.removalGraceMs);
}

/** Resolves when all output is stored, or a mark says what is missing (see Ended is not closed). */
async function settleLog(
  { config: { logEndMs } }: WorkContext,
  held: HeldLease,
  log: LogWriter,
  written: Promise<void>,
): Promise<void> {
  for (;;) {
    const leftMs = log.progressAt + logEndMs - performance.now();
    if (leftMs <= 0) break;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, Math.ceil(leftMs), 'late')));
    const outcome = await Promise.race([written, late]).finally(() => { clearTimeout(timer); }); // prettier-ignore
    if (outcome !== 'late') return;
  }
  await log.cut(`The log is cut here: its end did not arrive within ${String(logEndMs / 1000)} s.`);
  held.abandon();
}

function report(
  context: WorkContext,
  { held, deadlines, mask }: Attempt,
  { reason, message = '', at }: PhaseChange,
): void {
  const { lease } = held;
  const ages = reason === 'Executing' ? { startedMs: Date.now() - at } : {};
  context.store.transitions.report(lease, reason, mask.text(message), ages, deadlines).catch((error: unknown) => {
    context.logger.warn({ event: 'report.failed', lease, err: error }, 'A change of phase could not be reported');
  });
}

import type { Outcome } from '@chainr/core/engine/outcome';
import type { PhaseChange } from '@chainr/executor/port';
import type { WorkContext } from '../context.js';
import { LeaseLost } from '../leases/held-lease.js';
import type { Attempt } from './attempt.js';
import { cutUnmasked } from './close-attempt.js';
import type { ObservedEnd } from './end-attempt.js';
import { LogWriter } from './log-writer.js';
import { resolveReferences } from './resolve-references.js';
import { outputOut, retryDuringOutage } from './retry-during-outage.js';
import { stopAttempt } from './stop-attempt.js';

/** Most attempts begin within this time and need no deadline for it. */
const pendingAfterMs = 1_000;

/**
 * Takes an attempt from its claim or adoption until its end is seen (life of a run, step 5): ensure, observe. Its log
 * is written in parallel.
 * @throws LeaseLost or HandedOver if the lease is gone; Abandoned if its values cannot be read and it is interrupted
 */
export async function runAttempt(context: WorkContext, attempt: Attempt): Promise<ObservedEnd> {
  const slow = setTimeout(() => { report(context, attempt, { reason: 'Starting', at: Date.now() }); }, pendingAfterMs); // prettier-ignore
  try {
    // An attempt that must stop is stopped before its output is read: that may be what kills workers (see Crash loops).
    if (attempt.stop !== undefined) await stopAttempt(context, attempt);
    if (attempt.stop === 'WorkerCrashed') return await observeCrashed(context, attempt);
    const refusal = attempt.references && (await resolveReferences(context, attempt));
    if (refusal !== undefined) return await refuse(context, attempt, refusal);
    await begin(context, attempt);
    attempt.enter('begun');
    const writer = new LogWriter(context, attempt);
    const written = retryDuringOutage(context, attempt, () => writer.write(), outputOut);
    written.catch(() => undefined); // It is awaited after the attempt's end.
    const onPhase = (change: PhaseChange): void => {
      clearTimeout(slow);
      report(context, attempt, change);
    };
    const seen = await retryDuringOutage(context, attempt, () => attempt.observe(context.executor, onPhase));
    attempt.enter('observed');
    writer.attemptEnded();
    return { outcome: attempt.mask.outcome(seen), log: { writer, written } };
  } finally {
    clearTimeout(slow);
  }
}

/**
 * Stops an attempt when something that it refers to is missing. If another worker could start it, it may be running.
 * Its further output is dropped: without the secrets nothing can hide them.
 */
async function refuse(context: WorkContext, attempt: Attempt, refusal: string): Promise<ObservedEnd> {
  await stopAttempt(context, attempt);
  const { reason: _reason, message: _message, outputs: _outputs, ...end } = await observeStopped(context, attempt);
  const hasRun = end.exitCode !== undefined || end.startedAt !== undefined;
  if (hasRun) await cutUnmasked(new LogWriter(context, attempt), refusal);
  return { outcome: { ...end, reason: 'ConfigError', message: refusal }, log: 'cut' };
}

/**
 * The end of an attempt that was stopped because its workers died of it (see Crash loops). It is recorded before the
 * log is read, and without its own message. If it had already succeeded by itself, it has succeeded.
 */
async function observeCrashed(context: WorkContext, attempt: Attempt): Promise<ObservedEnd> {
  const seen = await observeStopped(context, attempt);
  const stoppedAt = Date.now() - attempt.stopToldMs;
  const succeeded = seen.reason === 'Completed' && (seen.endedAt ?? Infinity) < stoppedAt;
  const isFilled = succeeded && (await resolveReferences(context, attempt)) === undefined;
  const { message: _message, outputs: _outputs, ...end } = seen;
  return { outcome: isFilled ? attempt.mask.outcome(seen) : { ...end, reason: 'WorkerCrashed' }, log: 'unread' };
}

async function observeStopped(context: WorkContext, attempt: Attempt): Promise<Outcome> {
  attempt.enter('begun');
  const unreported = (): void => undefined;
  const seen = await retryDuringOutage(context, attempt, () => attempt.observe(context.executor, unreported));
  attempt.enter('observed');
  return seen;
}

/** An attempt that must stop is looked for and stopped, never created (see Cancels and stops). */
function begin(context: WorkContext, attempt: Attempt): Promise<void> {
  return attempt.stop === undefined
    ? retryDuringOutage(context, attempt, () =>
        context.executor.ensure(attempt.spec, attempt.held.guard, (starts) => recordStart(context, attempt, starts)),
      )
    : stopAttempt(context, attempt);
}

/** Throws if nothing may be started: the lease is gone, or Redis did not record the start. */
async function recordStart({ store }: WorkContext, { held }: Attempt, starts: number): Promise<void> {
  const recorded = await store.transitions.start(held.lease, starts);
  if (recorded === 'stale') throw new LeaseLost(`another worker has the lease of ${held.key}`);
}

function report(
  context: WorkContext,
  { held, deadlines, mask }: Attempt,
  { reason, message = '', at, scheduledAt }: PhaseChange,
): void {
  const { lease } = held;
  const ages = {
    ...(scheduledAt !== undefined && { scheduledMs: Date.now() - scheduledAt }),
    ...(reason === 'Executing' && { startedMs: Date.now() - at }),
  };
  context.store.transitions.report(lease, reason, mask.text(message), ages, deadlines).catch((error: unknown) => {
    context.logger.warn({ event: 'report.failed', lease, err: error }, 'A change of phase could not be reported');
  });
}

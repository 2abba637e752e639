import { within } from '@chainr/core/async/within';
import type { WorkContext } from '../context.js';
import type { Attempt } from './attempt.js';
import { retryDuringOutage } from './retry-during-outage.js';

/** How long Redis may take to record the interruption of an attempt when a person asked to kill everything at once. */
const recordBeforeKillMs = 1_000;

/** Sends SIGTERM, and SIGKILL after the grace, which counts from when a worker was first told. */
export function stopAttempt(context: WorkContext, attempt: Attempt): Promise<void> {
  const graceMs = () => Math.max(0, context.config.stopGraceMs - attempt.stopToldMs);
  return retryDuringOutage(context, attempt, async () => {
    if (!attempt.isOver) await context.executor.stop(attempt.spec, graceMs(), attempt.held.guard);
  });
}

/** Another attempt will follow, whoever sees the end of this one. That is recorded before the first signal. */
export async function interruptAttempt(context: WorkContext, attempt: Attempt): Promise<void> {
  if ((await recordInterruption(context, attempt, context.config.stopGraceMs)) === 'stale') return;
  attempt.markInterrupted();
  attempt.requestStop('Interrupted');
}

/** Like `interruptAttempt`, without a grace. */
export async function killAttempt(context: WorkContext, attempt: Attempt): Promise<void> {
  if ((await recordInterruption(context, attempt, recordBeforeKillMs)) === 'stale') return;
  attempt.markInterrupted();
  const { guard, lease } = attempt.held;
  try {
    await context.executor.stop(attempt.spec, 0, guard);
  } catch (error) {
    const event = { event: 'interrupt.failed', lease, err: attempt.mask.error(error) };
    context.logger.warn(event, 'An attempt could not be stopped');
  }
}

/**
 * `late`: Redis does not answer. The attempt is stopped anyway. If this worker exits before Redis is back, the next
 * one takes the signal for the attempt's own end.
 */
async function recordInterruption(
  { store, logger }: WorkContext,
  attempt: Attempt,
  patienceMs: number,
): Promise<'ok' | 'stale' | 'late'> {
  const { lease } = attempt.held;
  attempt.interruption ??= store.transitions.interrupt(lease).catch((error: unknown) => {
    logger.warn({ event: 'interrupt.not-recorded', lease, err: error }, 'Redis did not record an interruption');
    return 'late';
  });
  const recorded = await within(patienceMs, attempt.interruption, () => 'late' as const);
  if (recorded === 'late') {
    const sentence = 'Redis does not answer: stopping an attempt before its restart could be recorded';
    logger.warn({ event: 'interrupt.not-recorded', lease }, sentence);
  }
  return recorded;
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Attempt } from './attempt.js';
import type { WorkContext } from '../context.js';
import type { HeldLease } from '../leases/held-lease.js';

/** The pauses between tries. */
const outagePausesMs = [100, 500, 2_000, 5_000] as const;

/** An outage that is over after so many tries is not reported to the user. */
const quietTries = 2;

/** What fails, and how it is reported. */
export interface Outage {
  event: string;
  /** The beginning of a sentence. */
  what: string;
  /** An outage of the output alone: reported only in the worker's log, and the retries end when the output is abandoned. */
  isOfOutput?: boolean;
}

const executorOut: Outage = { event: 'executor.out', what: 'The executor is out of order' };

/** The job goes on. If the whole executor is out of order, `observe` reports it. */
export const outputOut: Outage = { ...executorOut, isOfOutput: true };

/**
 * Retries an operation, of the executor by default, during an outage. If the outage lasts, the job's message shows it,
 * until the operation succeeds or the job's next phase is reported.
 * @throws LeaseLost or HandedOver if the lease is gone; Abandoned if the operation reads output that is abandoned
 */
export async function retryDuringOutage<T>(
  context: Pick<WorkContext, 'logger' | 'store'>,
  { held, spec, mask }: Pick<Attempt, 'held' | 'spec' | 'mask'>,
  verb: () => Promise<T>,
  { event, what, isOfOutput = false }: Outage = executorOut,
): Promise<T> {
  const throwIfOver = () => { if (isOfOutput) held.abandoned.throwIfAborted(); else held.throwIfGone(); }; // prettier-ignore
  for (let tries = 0; ; tries += 1) {
    throwIfOver();
    try {
      const done = await verb();
      if (tries > quietTries && !isOfOutput) tell(context, held, '');
      return done;
    } catch (error) {
      throwIfOver();
      const { run, job, attempt } = spec;
      const err = mask.error(error);
      context.logger.warn({ event, run, job, attempt, tries, err }, `${what}; trying again`);
      if (tries >= quietTries && !isOfOutput) tell(context, held, `${what}: ${wordsOf(err)}. Trying again.`);
      const ms = outagePausesMs[Math.min(tries, outagePausesMs.length - 1)];
      const signal = isOfOutput ? held.abandoned : held.gone;
      await pause(ms, undefined, { signal }).catch(throwIfOver); // Only an abort ends it early.
    }
  }
}

function tell({ store, logger }: Pick<WorkContext, 'logger' | 'store'>, { lease }: HeldLease, message: string): void {
  store.transitions.reportOutage(lease, message).catch((error: unknown) => {
    logger.warn({ event: 'report.failed', lease, err: error }, 'An outage could not be reported');
  });
}

/** The error in one line. If several addresses could not be reached, the error has a code and no message. */
function wordsOf(error: unknown): string {
  const words =
    error instanceof Error ? error.message || ('code' in error && String(error.code)) || error.name : String(error);
  return words.replace(/\s+/g, ' ').trim().replace(/\.$/, '');
}

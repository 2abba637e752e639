import { setTimeout as pause } from 'node:timers/promises';
import type { Attempt } from './attempt.js';
import type { WorkContext } from './context.js';
import type { HeldLease } from './held-lease.js';

/** How long what is out of order is left alone before the next try. */
const outagePausesMs = [100, 500, 2_000, 5_000] as const;

/** What is over after so many tries is not worth a word to the user. */
const quietTries = 2;

/** What is asked for, and how it is told that it does not answer. */
export interface Outage {
  event: string;
  /** A sentence without its end. */
  what: string;
  /** Only the worker's log tells of it, not the job. */
  isQuiet?: boolean;
}

const executorOut: Outage = { event: 'executor.out', what: 'The executor is out of order' };

/** Of the output alone: the job goes on. Where all of the executor is out of order, `observe` tells of it. */
export const outputOut: Outage = { ...executorOut, isQuiet: true };

/**
 * Repeats a verb, of the executor unless said otherwise, while that is out of order; ends when the lease does. The
 * message of the job tells of an outage that lasts, until the verb is done or the job's next phase is reported.
 */
export async function retryDuringOutage<T>(
  context: Pick<WorkContext, 'logger' | 'store'>,
  { held, spec, mask }: Pick<Attempt, 'held' | 'spec' | 'mask'>,
  verb: () => Promise<T>,
  { event, what, isQuiet = false }: Outage = executorOut,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    held.signal.throwIfAborted();
    try {
      const done = await verb();
      if (tries > quietTries && !isQuiet) tell(context, held, '');
      return done;
    } catch (error) {
      held.signal.throwIfAborted();
      const { run, job, attempt } = spec;
      const err = mask.error(error);
      context.logger.warn({ event, run, job, attempt, tries, err }, `${what}; trying again`);
      if (tries >= quietTries && !isQuiet) tell(context, held, `${what}: ${wordsOf(err)}. Trying again.`);
      const ms = outagePausesMs[Math.min(tries, outagePausesMs.length - 1)];
      await pause(ms, undefined, { signal: held.signal });
    }
  }
}

function tell({ store, logger }: Pick<WorkContext, 'logger' | 'store'>, { lease }: HeldLease, message: string): void {
  store.transitions.reportOutage(lease, message).catch((error: unknown) => {
    logger.warn({ event: 'report.failed', lease, err: error }, 'An outage could not be reported');
  });
}

/** In one line. What could not be reached at any of several addresses has a code and no words. */
function wordsOf(error: unknown): string {
  const words =
    error instanceof Error ? error.message || ('code' in error && String(error.code)) || error.name : String(error);
  return words.replace(/\s+/g, ' ').trim().replace(/\.$/, '');
}

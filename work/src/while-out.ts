import { setTimeout as pause } from 'node:timers/promises';
import type { Attempt } from './attempt.js';
import type { WorkContext } from './context.js';

/** How long what is out of order is left alone before the next try. */
const outagePausesMs = [100, 500, 2_000, 5_000] as const;

/** What is asked for, and how the log calls it when that does not answer. */
export interface Outage {
  event: string;
  sentence: string;
  /** Told of each error as it is, before the next try. */
  tell?: (error: unknown) => void;
}

export const executorOut: Outage = { event: 'executor.out', sentence: 'The executor is out of order; trying again' };

/** Repeats a verb, of the executor unless said otherwise, while that is out of order; ends when the lease does. */
export async function whileOut<T>(
  context: Pick<WorkContext, 'logger'>,
  { held, spec, mask }: Pick<Attempt, 'held' | 'spec' | 'mask'>,
  verb: () => Promise<T>,
  { event, sentence, tell }: Outage = executorOut,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    held.signal.throwIfAborted();
    try {
      return await verb();
    } catch (error) {
      held.signal.throwIfAborted();
      const { run, job, attempt } = spec;
      context.logger.warn({ event, run, job, attempt, tries, err: mask.error(error) }, sentence);
      tell?.(error);
      const ms = outagePausesMs[Math.min(tries, outagePausesMs.length - 1)];
      await pause(ms, undefined, { signal: held.signal });
    }
  }
}

import type { Sweep } from '@chainr/core/service/sweep';
import type { RecycleContext } from '../context.js';

/** How often it is looked what is due. */
const everyMs = 1_000;

/** Every worker does the same, more often; this one does it where no worker is there. */
export function expireDeadlines({ store }: RecycleContext): Sweep {
  return {
    name: 'expire-deadlines',
    window:
      'A deadline or the end of a backoff that is due while no worker is there to carry it out (see Deadlines and retries).',
    everyMs,
    sweep: async () => {
      const { due, lagMs } = await store.transitions.expire();
      return { changed: due, lagMs };
    },
  };
}

import type { Sweep } from '@chainr/core/service/sweep';
import type { RecycleContext } from '../context.js';

/** Poll interval. */
const everyMs = 1_000;

/** Every worker does the same more often. This sweep serves instances without a worker. */
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

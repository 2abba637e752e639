import type { Sweep } from '@chainr/core/service/sweep';
import type { WorkContext } from '../context.js';

/** Poll interval. */
const everyMs = 500;

/** Runs more often than in recycle. The workers whose attempts are concerned learn it with a renewal. */
export function expireDeadlines({ store, leases }: Pick<WorkContext, 'store' | 'leases'>): Sweep {
  return {
    name: 'expire-deadlines',
    window: 'A deadline or the end of a backoff that is due; whoever set it may be gone (see Deadlines and retries).',
    everyMs,
    sweep: async () => {
      const { due, lagMs } = await store.transitions.expire();
      if (due > 0) await leases.tick();
      return { changed: due, lagMs };
    },
  };
}

import type { Sweep } from '@chainr/core/service/sweep';
import type { WorkContext } from '../context.js';

/** How often it is looked what is due. */
const everyMs = 500;

/** More often than recycle does it; whose attempts are concerned learns it with a renewal. */
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

import type { Sweep } from '@chainr/core/service/sweep';
import type { RecycleContext } from '../context.js';

/** Poll interval. */
const everyMs = 60_000;

/** A pipeline may name any pool, so pools come and go: what is stored for one that nothing uses any more is removed. */
export function dropPools({ store, queue }: RecycleContext): Sweep {
  return {
    name: 'drop-pools',
    window: 'A pool whose last run has ended and that has no worker leaves a queue and its settings in Redis.',
    everyMs,
    sweep: async () => {
      const [pools, live, workers] = await Promise.all([
        store.pools.list(),
        store.pools.listLive(),
        store.workers.list(),
      ]);
      const used = new Set([...live, ...workers.map(({ pool }) => pool)]);
      let changed = 0;
      for (const pool of pools.filter((each) => !used.has(each))) {
        // Messages that are left are of runs that have ended.
        if (!(await store.pools.drop(pool))) continue;
        await queue.remove(pool);
        changed += 1;
      }
      return { changed };
    },
  };
}

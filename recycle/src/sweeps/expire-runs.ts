import type { Sweep } from '@chainr/core/service/sweep';
import type { RetentionContext } from '../context.js';

/** Poll interval. */
const everyMs = 1_000;

/** Runs deleted in one batch, in parallel. */
const page = 100;

/** Deletes runs that ended long enough ago, in the same way as a user (see Deletion). */
export function expireRuns({ store, config: { runRetentionMs } }: RetentionContext): Sweep {
  return {
    name: 'expire-runs',
    window: 'A run that nobody deletes outlives its retention, with its logs (see Retention).',
    everyMs,
    sweep: async (signal) => {
      if (runRetentionMs === 0) return { changed: 0 };
      const now = await store.now();
      let changed = 0;
      let lagMs = 0;
      // Runs that cannot be deleted yet must not block those behind them.
      let kept = 0;
      while (!signal.aborted) {
        const ended = await store.runsToSweep.listEnded({ until: now - runRetentionMs, skip: kept, limit: page });
        const [oldest] = ended;
        if (oldest && kept === 0 && changed === 0) lagMs = now - runRetentionMs - oldest.endedAt;
        const replies = await Promise.all(ended.map(({ uid }) => store.runs.deleteRun(uid)));
        const deleted = replies.filter(({ kind }) => kind === 'deleted').length;
        changed += deleted;
        kept += replies.length - deleted;
        if (ended.length < page) break;
      }
      return { changed, lagMs };
    },
  };
}

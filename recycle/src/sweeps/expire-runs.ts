import type { Sweep } from '@chainr/core/service/sweep';
import type { RetentionContext } from '../context.js';

/** How often it is looked for runs whose retention is over. */
const everyMs = 1_000;

/** Runs that are looked at in one go, and deleted side by side. */
const page = 100;

/** Deletes what ended so long ago, as a user would (see Deletion). */
export function expireRuns({ store, config: { runRetentionMs } }: RetentionContext): Sweep {
  return {
    name: 'expire-runs',
    window: 'A run that nobody deletes outlives its retention, with its logs (see Retention).',
    everyMs,
    sweep: async (signal) => {
      if (runRetentionMs === 0) return { changed: 0 };
      const now = await store.work.now();
      let changed = 0;
      let lagMs = 0;
      // What cannot be deleted yet must not hide what comes after it.
      let kept = 0;
      while (!signal.aborted) {
        const ended = await store.work.listEnded({ until: now - runRetentionMs, skip: kept, limit: page });
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

import type { Sweep } from '@chainr/core/service/sweep';
import type { RetentionContext } from '../context.js';

/** Poll interval. */
const everyMs = 5_000;

/** Runs handled in one batch, in parallel. */
const page = 100;

/**
 * Removes the logs of runs that ended long enough ago, if logs are kept shorter than runs. It passes through the runs
 * once, by the time of their end; a log that is still being stored is removed later, with its run.
 */
export function expireLogs({ store, config: { logRetentionMs } }: RetentionContext): Sweep {
  return {
    name: 'expire-logs',
    window: 'A log that nobody deletes outlives its retention (see Retention).',
    everyMs,
    sweep: async (signal) => {
      if (logRetentionMs === 0) return { changed: 0 };
      const until = (await store.now()) - logRetentionMs;
      let from = await store.logs.expiredTo();
      let skip = 0;
      let changed = 0;
      while (!signal.aborted) {
        const ended = await store.runsToSweep.listEnded({ from, until, skip, limit: page });
        const replies = await Promise.all(ended.map(({ uid }) => store.removals.removeLogs(uid)));
        changed += replies.filter((reply) => reply === 'removed').length;
        const last = ended.at(-1);
        if (!last) break;
        // Several runs may have ended at the same time as the last one of the page.
        skip = last.endedAt === from ? skip + ended.length : 0;
        from = last.endedAt;
        await store.logs.setExpiredTo(from);
        if (ended.length < page) break;
      }
      return { changed };
    },
  };
}

import type { Sweep } from '@chainr/core/service/sweep';
import type { RetentionContext } from '../context.js';

/** Poll interval. */
const everyMs = 5_000;

/** The most runs of one pass, which bounds its duration. */
const runsPerPass = 100;
/** A run that was hidden more recently is still being removed. */
const abandonedAfterMs = 10_000;

/**
 * A deleted run is removed in pieces behind a durable mark (see Bounded calls). If the process that began it is gone,
 * this sweep continues.
 */
export function resumeDeletions({ store }: Pick<RetentionContext, 'store'>): Sweep {
  return {
    name: 'resume-deletions',
    window: 'A process that was killed while it deleted a run leaves what the run kept, hidden, behind its mark.',
    everyMs,
    sweep: async (signal) => {
      const before = (await store.now()) - abandonedAfterMs;
      let changed = 0;
      for (const run of await store.runsToSweep.listHidden({ before, limit: runsPerPass })) {
        if (signal.aborted) break;
        await store.removals.remove(run);
        changed += 1;
      }
      return { changed };
    },
  };
}

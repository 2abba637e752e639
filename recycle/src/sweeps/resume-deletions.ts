import type { Sweep } from '@chainr/core/service/sweep';
import type { RetentionContext } from '../context.js';

/** How often it is looked for deletions that were begun and not finished. */
const everyMs = 5_000;

/** How many runs one pass goes on with at most; bounds how long a pass takes. */
const runsPerPass = 100;
/** One that was hidden more recently has somebody who removes it. */
const abandonedAfterMs = 10_000;

/** A deleted run is removed in pieces behind a durable mark (see Bounded calls); this sweep goes on where that process is gone. */
export function resumeDeletions({ store }: Pick<RetentionContext, 'store'>): Sweep {
  return {
    name: 'resume-deletions',
    window: 'A process that was killed while it deleted a run leaves what the run kept, hidden, behind its mark.',
    everyMs,
    sweep: async (signal) => {
      const before = (await store.work.now()) - abandonedAfterMs;
      let changed = 0;
      for (const run of await store.work.listDeletions({ before, limit: runsPerPass })) {
        if (signal.aborted) break;
        await store.removals.remove(run);
        changed += 1;
      }
      return { changed };
    },
  };
}

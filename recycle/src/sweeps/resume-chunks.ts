import type { Sweep } from '@chainr/core/service/sweep';
import type { RecycleContext } from '../context.js';

/** How often it is looked for work that somebody left in the middle. */
const everyMs = 2_000;
/** How many runs one pass goes on with at most; bounds how long a pass takes. */
const runsPerPass = 100;
/** A mark that moved more recently has somebody who goes on with it. */
const abandonedAfterMs = 2_000;

/**
 * Work that is too large for one script goes in chunks behind a durable mark (see Bounded calls). Who
 * began it goes on with it; this sweep goes on where that process is gone.
 */
export function resumeChunks({ store }: RecycleContext): Sweep {
  return {
    name: 'resume-chunks',
    window: 'A process that was killed between two chunks of a fan-out leaves dependents unresolved behind its mark.',
    everyMs,
    sweep: async (signal) => {
      const before = (await store.work.now()) - abandonedAfterMs;
      const runs = await store.work.listChunks({ before, limit: runsPerPass });
      let changed = 0;
      for (const run of runs) {
        if (signal.aborted) break;
        await store.transitions.resume(run);
        changed += 1;
      }
      return { changed };
    },
  };
}

import type { Sweep } from '@chainr/core/service/sweep';
import type { RecycleContext } from '../context.js';

/** Poll interval. */
const everyMs = 2_000;
/** The most runs of one pass, which bounds its duration. */
const runsPerPass = 100;
/** A mark that moved more recently is still being worked on. */
const abandonedAfterMs = 2_000;

/**
 * Work that is too large for one script is done in chunks behind a durable mark (see Bounded calls). The process that
 * began it continues it. If that process is gone, this sweep does.
 */
export function resumeChunks({ store }: RecycleContext): Sweep {
  return {
    name: 'resume-chunks',
    window: 'A process that was killed between two chunks of a fan-out leaves dependents unresolved behind its mark.',
    everyMs,
    sweep: async (signal) => {
      const before = (await store.now()) - abandonedAfterMs;
      const runs = await store.runsToSweep.listUnresolved({ before, limit: runsPerPass });
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

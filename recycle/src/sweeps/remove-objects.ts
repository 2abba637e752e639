import { asError } from '@chainr/core/async/as-error';
import type { Sweep } from '@chainr/core/service/sweep';
import type { ArchiveContext } from '../context.js';

/** Poll interval. */
const everyMs = 5_000;
/** Runs handled in one batch, in parallel. */
const page = 16;
/** The most runs of one pass, which bounds its duration. */
const runsPerPass = 160;

/** Removes the logs of deleted runs, and those that were kept long enough, from the archive (see Archive). */
export function removeObjects({ store }: Pick<ArchiveContext, 'store'>): Sweep {
  return {
    name: 'remove-objects',
    window: 'The objects of a run outlive it: nobody else removes them.',
    everyMs,
    sweep: async (signal) => {
      const { archive } = store;
      if (!archive) return { changed: 0 };
      const now = await store.now();
      const due = await archive.listRemovals({ until: now, limit: runsPerPass });
      const lagMs = due[0] ? now - due[0].dueAt : 0;
      let changed = 0;
      for (let at = 0; at < due.length && !signal.aborted; at += page) {
        const batch = due.slice(at, at + page);
        const results = await Promise.allSettled(batch.map((each) => archive.removeObjects(each)));
        changed += results.filter(({ status }) => status === 'fulfilled').length;
        const failed = results.find((each) => each.status === 'rejected');
        if (failed) return { changed, lagMs, failure: asError(failed.reason) };
      }
      return { changed, lagMs };
    },
  };
}

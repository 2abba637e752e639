import type { Sweep } from '@chainr/core/service/sweep';
import type { DueRemoval } from '@chainr/core/store/work-store';
import type { WorkContext } from '../context.js';

/** How often it is looked for remains whose grace is over. */
const everyMs = 5_000;
/** Attempts looked at in one go. */
const page = 100;
/** How many such pages one pass takes at most. */
const pagesPerPass = 10;

/** What cannot be removed is tried again at longer and longer intervals, up to this one. */
const longestPauseMs = 3_600_000;

interface Stuck {
  failures: number;
  /** Not to be tried before, by the monotonic clock. */
  until: number;
}

/** Removes the remains of attempts of this executor once their removal grace is over (rule R1). */
export function removeClosedAttempts(context: WorkContext): Sweep {
  const stuck = new Map<string, Stuck>();
  return {
    name: 'remove-closed-attempts',
    window: 'What remains of a closed attempt keeps its name taken until no frozen owner can come back for it.',
    everyMs,
    sweep: async (signal) => {
      let changed = 0;
      let lagMs = 0;
      for (let pages = 0; pages < pagesPerPass && !signal.aborted; pages += 1) {
        const due = await context.store.work.listDue(context.executorNumber(), page + stuck.size);
        let removed = 0;
        for (const each of due) {
          lagMs = Math.max(lagMs, each.overdueMs);
          if (await remove(context, stuck, each)) removed += 1;
        }
        changed += removed;
        // What could not be removed stands first again.
        if (removed < page) break;
      }
      return { changed, lagMs };
    },
  };
}

/**
 * An entry goes only after the remains did; what cannot be removed now must not keep the others from being. What
 * remains of a run that was deleted in the meantime has no name any more: `remove-strays` finds it.
 */
async function remove(context: WorkContext, stuck: Map<string, Stuck>, { job, ...id }: DueRemoval): Promise<boolean> {
  const { store, executor, logger } = context;
  if (job === '') {
    await store.work.forgetDue(context.executorNumber(), id);
    return true;
  }
  const name = `${id.run}/${job}/${String(id.attempt)}`;
  const before = stuck.get(name);
  if (before && performance.now() < before.until) return false;
  try {
    await executor.remove({ run: id.run, job, attempt: id.attempt }, () => undefined);
  } catch (error) {
    const failures = (before?.failures ?? 0) + 1;
    const pauseMs = failures === 1 ? 0 : Math.min(everyMs * 2 ** (failures - 1), longestPauseMs);
    stuck.set(name, { failures, until: performance.now() + pauseMs });
    if (failures !== 2) return false;
    const named = { event: 'removal.failed', run: id.run, job, attempt: id.attempt, err: error };
    logger.warn(named, 'The remains of an attempt could not be removed; trying again, less and less often');
    return false;
  }
  stuck.delete(name);
  await store.work.forgetDue(context.executorNumber(), id);
  return true;
}

import type { Sweep } from '@chainr/core/service/sweep';
import { formatAttemptId } from '@chainr/core/store/redis/keys';
import type { DueRemoval } from '@chainr/core/store/work/remains';
import type { WorkContext } from '../context.js';
import { GrowingPauses } from './growing-pauses.js';

/** Poll interval. */
const everyMs = 5_000;
/** Attempts handled in one batch. */
const page = 100;
/** The most batches of one pass. */
const pagesPerPass = 10;

/** Removes the remains of attempts of this executor once their removal grace is over (see Tombstones). */
export function removeClosedAttempts(context: WorkContext): Sweep {
  const { store, executor, logger } = context;
  const pauses = new GrowingPauses(everyMs);
  return {
    name: 'remove-closed-attempts',
    window: 'What remains of a closed attempt keeps its name taken until no frozen owner can come back for it.',
    everyMs,
    sweep: async (signal) => {
      let changed = 0;
      let lagMs = 0;
      for (let pages = 0; pages < pagesPerPass && !signal.aborted; pages += 1) {
        // Attempts that could not be removed come first again.
        const due = await listDue(page + pauses.size);
        pauses.keepOnly(new Set(due.map(formatAttemptId)));
        let removed = 0;
        for (const each of due) {
          lagMs = Math.max(lagMs, each.overdueMs);
          if (await remove(each)) removed += 1;
        }
        changed += removed;
        if (removed < page) break;
      }
      return { changed, lagMs };
    },
  };

  /** Also of pools that have no worker here any more: remains are a matter of the executor. */
  async function listDue(limit: number): Promise<DueRemoval[]> {
    const numbers = await store.executors.numbersOf(executor.id);
    return (await Promise.all(numbers.map((number) => store.remains.listDue(number, limit)))).flat();
  }

  /**
   * An entry is deleted only after the remains are. If the run was deleted meanwhile, the remains have no job name any
   * more; `remove-strays` finds them.
   */
  async function remove({ executor: number, job, ...id }: DueRemoval): Promise<boolean> {
    const key = { run: id.run, job, attempt: id.attempt };
    const work = () => executor.remove(key, () => undefined);
    const warn = (err: unknown): void => {
      const named = { event: 'removal.failed', ...key, err };
      logger.warn(named, 'The remains of an attempt could not be removed; trying again at growing intervals');
    };
    if (job !== '' && !(await pauses.tryOnce(formatAttemptId(id), work, warn))) return false;
    await store.remains.forgetDue(number, id);
    return true;
  }
}

import type { ExecutorKind } from '@chainr/core/engine/records';
import type { Store } from '@chainr/core/store/store';

/**
 * All workers of a pool have the same executor kind: a job must run alike whichever worker takes it.
 * @throws a sentence if a live worker of the pool has another kind
 */
export async function refuseMixedPool(
  { workers }: Pick<Store, 'workers'>,
  pool: string,
  executor: ExecutorKind,
): Promise<void> {
  const other = (await workers.list()).find((worker) => worker.pool === pool && worker.executor !== executor);
  if (!other) return;
  throw new Error(
    `The pool ${pool} has workers with the executor ${other.executor}, such as ${other.id}, but this worker has ${executor}: ` +
      `give it another pool (CHAINR_POOL) or the same executor (CHAINR_EXECUTOR). A worker that was killed counts for 30 seconds.`,
  );
}

import { formatAttemptId, parseAttemptId, type AttemptId } from '@chainr/core/store/redis/keys';
import type { AttemptRunner } from './attempt/attempt-runner.js';
import type { WorkContext } from './context.js';

/**
 * Claims the ids of a message in one call, and starts what was granted (life of a run, step 4). Ids without room go
 * back to the head of the queue, where others can take them.
 */
export async function claimBundle(context: WorkContext, runner: AttemptRunner, ids: readonly string[]): Promise<void> {
  const { store, capacity, config, pool } = context;
  const places = capacity.take(ids.length);
  const wanted = ids.slice(0, places).map(parseAttemptId);
  const by = { owner: context.owner, executor: context.executorNumber(), ttlMs: config.leaseTtlMs };
  const sentAt = performance.now();
  const returned = places < ids.length ? store.transitions.redeliver(pool, ids.slice(places)) : undefined;
  returned?.catch(() => undefined); // It is awaited when the claims are done.
  const claimOne = async (id: AttemptId): Promise<void> => {
    const reply = await store.transitions.claim(id, by).catch((error: unknown) => ({ error }));
    if (typeof reply === 'object' && 'lease' in reply) {
      context.reach('after-claim');
      runner.startClaimed(reply, sentAt);
      return;
    }
    capacity.release();
    if (reply === 'paused') await putBack(context, id);
    context.logger.debug({ event: 'claim.refused', id: formatAttemptId(id), why: reply }, 'A claim was refused');
  };
  await Promise.all(wanted.map(claimOne));
  await returned;
}

/** The instance is paused: nothing more is fetched until `ShowWorker` learns that it was resumed. */
async function putBack({ store, capacity, pool }: WorkContext, id: AttemptId): Promise<void> {
  capacity.drain(true);
  await store.transitions.redeliver(pool, [formatAttemptId(id)]);
}

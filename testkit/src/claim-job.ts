import { formatAttemptId, type Lease } from '@chainr/core/store/redis/keys';
import type { Store } from '@chainr/core/store/store';
import type { RunUid } from '@chainr/core/engine/records';

/** The executor id of attempts that tests claim by hand. */
export const testExecutor = 'fake:test';

/** Claims an attempt that can be claimed. */
export async function claimJob(
  store: Store,
  run: RunUid,
  index: number,
  { attempt = 1, owner = 'owner', ttlMs = 60_000 } = {},
): Promise<Lease> {
  const executor = await store.executors.register(testExecutor, 'fake');
  const id = { run, index, attempt };
  const claimed = await store.transitions.claim(id, { owner, executor, ttlMs });
  if (typeof claimed === 'string') throw new Error(`the claim of ${formatAttemptId(id)} was refused: ${claimed}`);
  return claimed.lease;
}

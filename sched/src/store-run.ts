import { ApiError } from '@chainr/core/api/errors';
import type { RunUid } from '@chainr/core/model/records';
import type { NewRun } from '@chainr/core/store/create-run';
import type { Store } from '@chainr/core/store/store';

/** @throws ApiError Conflict for an idempotency key that was used with another body; StoreFull */
export async function storeRun(store: Store, run: NewRun): Promise<RunUid> {
  const stored = await store.runs.createRun(run);
  if (stored.kind === 'conflict') {
    throw new ApiError('Conflict', 'This Idempotency-Key was used with another body; use a new key for a new run.');
  }
  return stored.uid;
}

import { ApiError } from '@chainr/core/api/errors';
import type { RunUid } from '@chainr/core/model/records';
import type { NewRun } from '@chainr/core/store/create-run';
import { StoreFull } from '@chainr/core/store/errors';
import type { Store } from '@chainr/core/store/store';

/** @throws ApiError Conflict for an idempotency key that was used with another body; StoreFull */
export async function storeRun(store: Store, run: NewRun): Promise<RunUid> {
  const stored = await unlessFull(store.runs.createRun(run));
  if (stored.kind === 'conflict') {
    throw new ApiError('Conflict', 'This Idempotency-Key was used with another body; use a new key for a new run.');
  }
  return stored.uid;
}

async function unlessFull<T>(storing: Promise<T>): Promise<T> {
  try {
    return await storing;
  } catch (error) {
    if (!(error instanceof StoreFull)) throw error;
    const headers = { 'Retry-After': '30' };
    throw new ApiError(
      'StoreFull',
      'Redis has no room for a new run; give it more memory, or wait until old runs are gone.',
      { headers, cause: error },
    );
  }
}

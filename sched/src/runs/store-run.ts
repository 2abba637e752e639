import { ApiError } from '@chainr/core/api/contract/errors';
import type { RunUid } from '@chainr/core/engine/records';
import type { Run } from '@chainr/core/api/contract/run-resource';
import type { CreatedRun, NewRun } from '@chainr/core/store/runs/create-run';
import type { Store } from '@chainr/core/store/store';
import { showRun } from './find-run.js';

/** @throws ApiError Conflict for an idempotency key that was used with another body; StoreFull */
export async function storeRun(store: Store, run: NewRun): Promise<RunUid> {
  return uidOf(await store.runs.createRun(run));
}

/** @throws ApiError Conflict for an idempotency key that was used with another body */
export function uidOf(stored: CreatedRun): RunUid {
  if (stored.kind !== 'conflict') return stored.uid;
  throw new ApiError('Conflict', 'This Idempotency-Key was used with another body; use a new key for a new run.');
}

/**
 * The run that a request created, now or when its key was first sent.
 *
 * @throws ApiError Gone if it was deleted since
 */
export async function showMade(store: Store, uid: RunUid, jobCount?: number): Promise<Run> {
  try {
    return await showRun(store, uid, jobCount);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'NotFound') throw error;
    const message = `The run ${uid} that this Idempotency-Key made was deleted; use a new key for a new run.`;
    throw new ApiError('Gone', message, { cause: error });
  }
}

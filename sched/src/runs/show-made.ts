import { ApiError } from '@chainr/core/api/contract/errors';
import type { RunUid } from '@chainr/core/engine/records';
import type { Run } from '@chainr/core/api/contract/run-resource';
import type { Store } from '@chainr/core/store/store';
import { showRun } from './find-run.js';

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

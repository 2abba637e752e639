import { ApiError } from '@chainr/core/api/contract/errors';
import type { RunUid } from '@chainr/core/engine/records';
import type { Run } from '@chainr/core/api/contract/run-resource';
import type { Store } from '@chainr/core/store/store';
import { showRun } from './find-run.js';

/**
 * The run that a request created or found.
 *
 * @param made `replayed`: it was made when the request's key was first sent
 * @throws ApiError Gone if it was deleted since
 */
export async function showMade(store: Store, made: { kind: string; uid: RunUid; jobCount?: number }): Promise<Run> {
  try {
    return await showRun(store, made.uid, made.jobCount);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'NotFound') throw error;
    const message =
      made.kind === 'replayed'
        ? `The run ${made.uid} that this Idempotency-Key made was deleted; use a new key for a new run.`
        : `The run ${made.uid} was deleted in this moment; send the request again.`;
    throw new ApiError('Gone', message, { cause: error });
  }
}

import { ApiError } from '@chainr/core/api/contract/errors';
import type { JobRecord, ReusedAttempt, RunUid } from '@chainr/core/engine/records';
import { isFinalJob } from '@chainr/core/engine/states';
import type { RunStore } from '@chainr/core/store/runs/run-store';
import type { Store } from '@chainr/core/store/store';
import type { SchedContext } from '../context.js';
import { findJob } from '../runs/find-run.js';

/** The attempt of a log request. */
export interface AttemptPlace {
  uid: RunUid;
  jobIndex: number;
  attempt: number;
}

/**
 * Finds the attempt of a log request: the last one unless a number is given. For a reused job it is that of the run in
 * which it ran. Undefined if the job has none yet and no number above 1 is asked for.
 *
 * @throws ApiError NotFound if the job does not have the attempt
 */
export async function findAttempt(
  { runs }: Store,
  uid: RunUid,
  job: JobRecord,
  wanted: number | undefined,
): Promise<AttemptPlace | undefined> {
  if (job.reason === 'Reused' && wanted === undefined) {
    const reused = await runs.getReused(uid, job.index);
    if (reused) return findReused(runs, reused);
  }
  if (job.attempt === 0 && (wanted ?? 1) === 1) return undefined;
  const attempt = wanted ?? job.attempt;
  if (attempt <= job.attempt) return { uid, jobIndex: job.index, attempt };
  const has = job.attempt === 0 ? 'none yet' : `only ${String(job.attempt)}`;
  throw new ApiError('NotFound', `The job ${JSON.stringify(job.name)} has no attempt ${String(attempt)}, ${has}.`);
}

async function findReused(runs: RunStore, { run, jobIndex, attempt }: ReusedAttempt): Promise<AttemptPlace> {
  if (await runs.getRun(run)) return { uid: run, jobIndex, attempt };
  throw new ApiError('NotFound', `The log was deleted together with the run ${run}, which ran the job.`);
}

/** Waits for the job's first attempt; null if the job ended without one. */
export function waitForAttempt(
  { store, jobChanges }: SchedContext,
  uid: RunUid,
  name: string,
  signal: AbortSignal,
): Promise<AttemptPlace | null> {
  const check = async (): Promise<AttemptPlace | null | undefined> => {
    const job = await findJob(store, uid, name);
    if (job.attempt > 0) return { uid, jobIndex: job.index, attempt: 1 };
    return isFinalJob(job.status) ? null : undefined;
  };
  return jobChanges.until(uid, name, check, signal);
}

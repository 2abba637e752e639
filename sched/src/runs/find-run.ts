import { jobsShown } from '@chainr/core/api/contract/route-parts';
import type { Run } from '@chainr/core/api/contract/run-resource';
import type { JobRecord, RunRecord, RunUid } from '@chainr/core/engine/records';
import type { Store } from '@chainr/core/store/store';
import { lookUpJob } from '@chainr/core/usecases/look-up-job';
import { noRun } from '@chainr/core/usecases/refusal';
import { refusalError } from '../http/refusal-error.js';
import { presentRun } from './present-run.js';

/** @throws ApiError NotFound */
export async function findRun(store: Store, uid: RunUid): Promise<RunRecord> {
  const run = await store.runs.getRun(uid);
  if (!run) throw refusalError(noRun(uid));
  return run;
}

/** @throws ApiError NotFound, which says whether the run or the job does not exist */
export async function findJob(store: Store, uid: RunUid, name: string): Promise<JobRecord> {
  const found = await lookUpJob(store, uid, name);
  if (found.kind !== 'found') throw refusalError(found);
  return found.job;
}

/** The titles of some jobs of a run; empty if no job has one. */
export async function findTitles(
  store: Store,
  { uid, titled }: RunRecord,
  range: { from: number; limit: number },
): Promise<(string | undefined)[]> {
  return titled ? store.runs.listTitles(uid, range) : [];
}

/**
 * A run with its first 1,000 jobs as the API shows it.
 *
 * @param jobCount if it is known, saves one round trip to Redis: only existing rows are asked for, since missing ones
 * cost too
 * @throws ApiError NotFound
 */
export async function showRun(store: Store, uid: RunUid, jobCount?: number): Promise<Run> {
  const finding = findRun(store, uid);
  const limit = Math.min(jobsShown.alone, jobCount ?? (await finding).jobCount);
  const [run, jobs] = await Promise.all([finding, store.runs.listJobs(uid, { from: 0, limit })]);
  return presentRun(run, jobs, await findTitles(store, run, { from: 0, limit: jobs.length }));
}

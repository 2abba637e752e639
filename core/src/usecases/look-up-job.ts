import type { JobRecord, RunUid } from '../engine/records.js';
import type { Store } from '../store/store.js';
import { noJob, noRun, type Refusal } from './refusal.js';

/** The refusal says whether the run or the job does not exist. */
export type JobLookup = { kind: 'found'; job: JobRecord } | Refusal<'no-run' | 'no-job'>;

export async function lookUpJob({ runs }: Pick<Store, 'runs'>, uid: RunUid, name: string): Promise<JobLookup> {
  const job = await runs.findJob(uid, name);
  if (job) return { kind: 'found', job };
  if (!(await runs.getRun(uid))) return noRun(uid);
  return noJob(name);
}

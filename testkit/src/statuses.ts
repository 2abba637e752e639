import type { RunUid } from '@chainr/core/engine/records';
import type { Reason } from '@chainr/core/engine/reasons';
import type { JobStatus } from '@chainr/core/engine/states';
import type { Store } from '@chainr/core/store/store';

/** `STATUS Reason` of a job or an attempt, for lists of them: `attempts.map(statusAndReason)`. */
export const statusAndReason = ({ status, reason }: { status: JobStatus; reason: Reason }): string =>
  `${status} ${reason}`;

/** `STATUS Reason` of the first 100 jobs of a run, by their names. */
export async function statusesOfJobs({ runs }: Pick<Store, 'runs'>, run: RunUid): Promise<Record<string, string>> {
  const jobs = await runs.listJobs(run, { from: 0, limit: 100 });
  return Object.fromEntries(jobs.map((job) => [job.name, statusAndReason(job)]));
}

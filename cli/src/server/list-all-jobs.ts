import type { Client } from '@chainr/core/api/client/client';
import type { JobSummary, Run } from '@chainr/core/api/contract/run-resource';

/** All jobs of a run: those in the answer, then the other pages. */
export async function listAllJobs(client: Client, run: Run, signal?: AbortSignal): Promise<JobSummary[]> {
  const jobs = [...run.jobs];
  let next = run.jobsTruncated ? String(jobs.length) : undefined;
  while (next !== undefined) {
    const page = await client.listJobs(run.metadata.uid, { limit: 1000, cursor: next }, signal);
    jobs.push(...page.items);
    next = page.metadata.next;
  }
  return jobs;
}

import type { JobRecord, RunRecord } from '../engine/records.js';
import type { RunStatus } from '../engine/states.js';
import type { RunsAsked } from '../store/runs/find-runs.js';
import type { Store } from '../store/store.js';

export interface RunListing {
  /** Newest first, each with its first jobs. */
  runs: { run: RunRecord; jobs: JobRecord[] }[];
  /** The `before` of the next page; absent on the last one. A page may be short, or empty, and have one. */
  next?: number;
  /** How many runs the filter matches altogether, if that is known without reading them. */
  total?: number;
  /** How many runs of the instance are in each status, whatever the filter. */
  counts: Record<RunStatus, number>;
}

/**
 * One page of the runs that a filter matches (see Lists). Refuses nothing: no run may match.
 *
 * @param jobsOfEach the most jobs of each run
 * @throws StoreUnavailable
 */
export async function list(
  { runs: store }: Pick<Store, 'runs'>,
  asked: RunsAsked,
  jobsOfEach: number,
): Promise<RunListing> {
  const [page, counts] = await Promise.all([store.listRuns(asked), store.countRuns()]);
  const runs = page.runs.map(async (run) => {
    const jobs = await store.listJobs(run.uid, { from: 0, limit: Math.min(jobsOfEach, run.jobCount) });
    return { run, jobs };
  });
  return { ...page, runs: await Promise.all(runs), counts };
}

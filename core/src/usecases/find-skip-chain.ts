import { jobEndings } from '../timeline/job-endings.js';
import type { JobRecord, RunRecord } from '../engine/records.js';
import type { RunStore } from '../store/runs/run-store.js';
import type { DependencyLink } from './describe-situation.js';

/**
 * Why a job was skipped, link by link: the dependency that decided, then what decided about that one, up to the first
 * job that was not skipped. If several could have decided, it is the one that ended first, as in the timeline. Reads
 * all jobs of the run.
 */
export async function findSkipChain(runs: RunStore, run: RunRecord, skipped: JobRecord): Promise<DependencyLink[]> {
  const timed = await runs.listTimedJobs(run.uid);
  const endings = jobEndings(run, timed);
  const links: { index: number; mask: number }[] = [];
  let index = skipped.index;
  while (timed[index]?.status === 'SKIPPED') {
    const dependent = index;
    const cause = endings[dependent]?.cause;
    const mask = cause === undefined ? undefined : timed[cause]?.dependents.find((edge) => edge.index === dependent)?.mask; // prettier-ignore
    if (cause === undefined || mask === undefined) break;
    links.push({ index: cause, mask });
    index = cause;
  }
  const jobs = await runs.getJobs(run.uid, links.map((link) => link.index)); // prettier-ignore
  return jobs.flatMap((job, place) => {
    const link = links[place];
    return link ? [{ job, mask: link.mask }] : [];
  });
}

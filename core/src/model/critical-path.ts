import type { JobEnding } from './job-endings.js';
import { isFinalJob } from './states.js';
import type { TimedJob } from './timed-job.js';

/**
 * The chain of jobs that determined when the run ended, by index, first to last: from the job that
 * ended last back over the dependency that each one waited for longest. As long as something of the
 * run goes on, it ends in the job that goes on and has been ready for longest.
 */
export function criticalPath(jobs: readonly TimedJob[], endings: readonly JobEnding[]): number[] {
  const path: number[] = [];
  let index = longestReady(jobs) ?? lastEnded(jobs, endings);
  while (index !== undefined) {
    path.push(index);
    index = endings[index]?.cause;
  }
  return path.reverse();
}

function longestReady(jobs: readonly TimedJob[]): number | undefined {
  let found: { index: number; since: number } | undefined;
  jobs.forEach(({ status, attempts }, index) => {
    const first = attempts[0]?.phases;
    if (isFinalJob(status) || !first) return;
    const since = first.queuedAt ?? first.createdAt ?? 0;
    if (!found || since < found.since) found = { index, since };
  });
  return found?.index;
}

/** Of jobs that ended at once, one that ran: a skipped one ends with the job that has it skipped. */
function lastEnded(jobs: readonly TimedJob[], endings: readonly JobEnding[]): number | undefined {
  let found: { index: number; endedAt: number; ran: boolean } | undefined;
  endings.forEach(({ endedAt }, index) => {
    if (endedAt === undefined) return;
    const ran = (jobs[index]?.attempts.length ?? 0) > 0;
    const later = !found || endedAt > found.endedAt || (endedAt === found.endedAt && ran && !found.ran);
    if (later) found = { index, endedAt, ran };
  });
  return found?.index;
}

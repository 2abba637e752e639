import type { JobEnding } from './job-endings.js';
import { isFinalJob } from '../engine/states.js';
import type { TimedJob } from './timed-job.js';

/**
 * The chain of jobs that determined when the run ended, by index, first to last: from the job that ended last back over
 * the dependency that each one waited for longest. While the run goes on, it ends with the unfinished job that has been
 * ready for longest.
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

/** The job that ended last. Among equals it prefers one that ran, then one that depends on others of them. */
function lastEnded(jobs: readonly TimedJob[], endings: readonly JobEnding[]): number | undefined {
  const ran = (index: number): number =>
    jobs[index]?.attempts.some(({ phases }) => phases.claimedAt !== undefined) ? 1 : 0;
  let found: { index: number; ranks: readonly number[] } | undefined;
  endings.forEach(({ endedAt, order }, index) => {
    if (endedAt === undefined) return;
    const ranks = [endedAt, ran(index), order];
    if (!found || isAfter(ranks, found.ranks)) found = { index, ranks };
  });
  return found?.index;
}

/** Compares by the first rank that differs. */
function isAfter(ranks: readonly number[], others: readonly number[]): boolean {
  const at = ranks.findIndex((rank, place) => rank !== others[place]);
  return (ranks[at] ?? 0) > (others[at] ?? 0);
}

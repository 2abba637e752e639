import { isSatisfied, type Ending } from '../engine/edges.js';
import { isFinalJob } from '../engine/states.js';
import { topologicalOrder, reverseEdges } from '../pipeline/graph.js';
import type { TimedJob, TimedRun } from './timed-job.js';

/** When a job ended, and what made it possible. */
export interface JobEnding {
  /** Absent if the job has not ended. */
  endedAt?: number;
  /** When its last dependency had ended; absent for a job without dependencies, or one that still waits. */
  readyAt?: number;
  /** The dependency that let it start or caused its skip: the one that ended last, or decided. By index. */
  cause?: number;
  /** How many jobs it depends on. */
  dependencies: number;
  /** Its place in a topological order, dependencies first. */
  order: number;
}

/** A dependency that has ended, and whether that satisfied the edge. */
interface EndedDependency {
  index: number;
  endedAt: number;
  satisfied: boolean;
}

/**
 * The ending of each job, by index. The time of a skip is not stored: it is when the first dependency ended in a way
 * that its edge does not accept. Costs O(jobs + edges).
 */
export function jobEndings(run: TimedRun, jobs: readonly TimedJob[]): JobEnding[] {
  const dependents = jobs.map((job) => job.dependents.map(({ index }) => index));
  const counts = reverseEdges(dependents).map(({ length }) => length);
  const ended = jobs.map((): EndedDependency[] => []);
  const endings = counts.map((dependencies): JobEnding => ({ dependencies, order: 0 }));
  for (const [order, index] of topologicalOrder(dependents).entries()) {
    const job = jobs[index];
    const ending = endings[index];
    if (!job || !ending) continue;
    Object.assign(ending, { order }, endingOf(run, job, ended[index] ?? [], ending.dependencies));
    if (ending.endedAt === undefined || !isFinalJob(job.status)) continue;
    for (const edge of job.dependents) {
      const satisfied = isSatisfied(job.status as Ending, edge.mask);
      ended[edge.index]?.push({ index, endedAt: ending.endedAt, satisfied });
    }
  }
  return endings;
}

function endingOf(
  run: TimedRun,
  job: TimedJob,
  ended: readonly EndedDependency[],
  dependencies: number,
): Omit<JobEnding, 'dependencies' | 'order'> {
  if (job.status === 'SKIPPED') {
    const decided = first(ended.filter(({ satisfied }) => !satisfied));
    return decided ? { endedAt: decided.endedAt, cause: decided.index } : {};
  }
  if (job.reason === 'Reused') return { endedAt: run.createdAt };
  const last = ended.length === dependencies ? lastOf(ended) : undefined;
  const endedAt = endOf(run, job);
  return {
    ...(last ? { readyAt: last.endedAt, cause: last.index } : {}),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}

/** A job that is canceled before its claim ends with its run; its own time is not stored. */
function endOf(run: TimedRun, { status, attempts }: TimedJob): number | undefined {
  const last = attempts.at(-1);
  if (!last || !isFinalJob(status)) return undefined;
  return last.phases.endedAt ?? run.endedAt;
}

const first = (ended: readonly EndedDependency[]): EndedDependency | undefined =>
  ended.reduce<EndedDependency | undefined>(
    (best, each) => (best && best.endedAt <= each.endedAt ? best : each),
    undefined,
  );

const lastOf = (ended: readonly EndedDependency[]): EndedDependency | undefined =>
  ended.reduce<EndedDependency | undefined>(
    (best, each) => (best && best.endedAt > each.endedAt ? best : each),
    undefined,
  );

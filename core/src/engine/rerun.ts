import { isSatisfied, type Ending } from './edges.js';
import type { JobRecord } from './records.js';
import type { RefusalKind } from './refusals.js';
import { isFinalJob, type JobStatus } from './states.js';
import { waiting, type InitialJobState } from './initial-job-state.js';
import { dependenciesFirst, transitiveDependents, type Dependencies } from './transitive-dependents.js';

/** Which jobs run again: those that FAILED or were CANCELED, all, or the named ones; each with all its dependents. */
export type RerunFrom = 'failed' | 'all' | readonly string[];

export type RerunPlan =
  /** The initial state of each job of the new run, by index. */
  | { kind: 'planned'; standings: InitialJobState[] }
  /** The rerun is impossible; `message` says why and what to do. */
  | { kind: RerunRefusal; message: string };

type RerunRefusal = RefusalKind & ('nothing-failed' | 'not-reusable' | 'nothing-to-run' | 'live');

/**
 * Plans a rerun. A job that is not run again must have ended SUCCESSFUL or SKIPPED, and is reused. The edges are
 * evaluated anew, so a job that runs again may also be skipped at once.
 *
 * @param dependencies of all jobs, by index
 * @param jobs all jobs of the run, by index
 * @param from names must be those of existing jobs
 * @param neverReused jobs that run again in any case (`rerun: always`), by index
 */
export function planRerun(
  dependencies: readonly Dependencies[],
  jobs: readonly JobRecord[],
  from: RerunFrom,
  neverReused: readonly number[] = [],
): RerunPlan {
  const chosen = chooseJobs(jobs, from);
  if (chosen.length === 0) {
    const message = 'No job of the run FAILED or was CANCELED; name the jobs to run again, or run all.';
    return { kind: 'nothing-failed', message };
  }
  const first = [...new Set([...chosen, ...neverReused])];
  const again = new Set([...first, ...transitiveDependents(dependencies, first)]);
  const open = jobs.find(({ index, status }) => !again.has(index) && !isTakenOver(status));
  if (open) {
    const ended = isFinalJob(open.status);
    const mend = ended ? 'run it again too, or run all' : 'wait for its end, or cancel the run first';
    const message = `The job "${open.name}" is ${open.status} and its result cannot be reused: ${mend}.`;
    return { kind: ended ? 'not-reusable' : 'live', message };
  }
  const standings = evaluate(dependencies, jobs, again);
  if (!standings.some(({ status, unsatisfied }) => status === 'PENDING' && unsatisfied === 0)) {
    const message = 'Nothing would run: the conditions of every chosen job would skip it again.';
    return { kind: 'nothing-to-run', message };
  }
  return { kind: 'planned', standings };
}

const isTakenOver = (status: JobStatus): boolean => status === 'SUCCESSFUL' || status === 'SKIPPED';

function chooseJobs(jobs: readonly JobRecord[], from: RerunFrom): number[] {
  const named = new Set(typeof from === 'string' ? [] : from);
  const isChosen = ({ name, status }: JobRecord): boolean => {
    if (from === 'all') return true;
    return from === 'failed' ? status === 'FAILED' || status === 'CANCELED' : named.has(name);
  };
  return jobs.filter(isChosen).map(({ index }) => index);
}

function evaluate(
  dependencies: readonly Dependencies[],
  jobs: readonly JobRecord[],
  again: ReadonlySet<number>,
): InitialJobState[] {
  const standings: InitialJobState[] = [];
  for (const index of dependenciesFirst(dependencies)) {
    const job = jobs[index];
    if (!job) throw new Error(`the run has no job ${String(index)}, but its pipeline has`);
    standings[index] = again.has(index) ? standAgain(dependencies[index] ?? [], standings) : adoptLeases(job);
  }
  return standings;
}

function adoptLeases({ status, reason }: JobRecord): InitialJobState {
  return status === 'SUCCESSFUL'
    ? { status, reason: 'Reused', unsatisfied: 0 }
    : { status: 'SKIPPED', reason, unsatisfied: 0 };
}

/** Resolves edges as the scripts do: a job is skipped as soon as one of its edges can no longer be satisfied. */
function standAgain(edges: Dependencies, standings: readonly InitialJobState[]): InitialJobState {
  let unsatisfied = 0;
  for (const { index, mask } of edges) {
    const status = standings[index]?.status ?? 'PENDING';
    if (status === 'PENDING') {
      unsatisfied += 1;
    } else if (!isSatisfied(status satisfies Ending, mask)) {
      const reason = status === 'SKIPPED' ? 'DependencySkipped' : 'ConditionNotMet';
      return { status: 'SKIPPED', reason, unsatisfied: 0 };
    }
  }
  return waiting(unsatisfied);
}

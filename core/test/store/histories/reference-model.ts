/*
 * How jobs and runs end, written a second time, as simply as possible and only from the published tables. It imports
 * nothing from core.
 */
export type Ending = 'SUCCESSFUL' | 'FAILED' | 'SKIPPED' | 'CANCELED';
export type Status = Ending | 'PENDING' | 'RUNNING';

export interface ModelJob {
  needs: { on: number; success: boolean; failure: boolean; skipped: boolean }[];
  allowFailure: boolean;
  retries?: ModelRetries;
}

export interface ModelRetries {
  limit: number;
  initialMs: number;
  factor: number;
  maxMs: number;
}

type Need = ModelJob['needs'][number];

const endings: readonly string[] = ['SUCCESSFUL', 'FAILED', 'SKIPPED', 'CANCELED'];
export const isEnding = (status: Status): status is Ending => endings.includes(status);

const satisfied = (need: Need, ending: Ending): boolean =>
  ({ SUCCESSFUL: need.success, FAILED: need.failure, SKIPPED: need.skipped, CANCELED: false })[ending];

/** The edges of a job that can never be satisfied, and how many are not satisfied yet. */
export function edgesOf({ needs }: ModelJob, statusOf: (job: number) => Status): { broken: Need[]; waiting: number } {
  const broken = needs.filter((need) => {
    const status = statusOf(need.on);
    return isEnding(status) && status !== 'CANCELED' && !satisfied(need, status);
  });
  const waiting = needs.filter((need) => {
    const status = statusOf(need.on);
    return !isEnding(status) || !satisfied(need, status);
  });
  return { broken, waiting: waiting.length };
}

/** How all jobs end if neither a cancel nor a timeout ends the run. `fails` says whether the last attempt of a job fails. */
export function endingsOf(jobs: readonly ModelJob[], fails: (job: number) => boolean): Ending[] {
  const known: Ending[] = [];
  const endingOf = (job: number): Ending => (known[job] ??= decide(job));
  const decide = (job: number): Ending => {
    if (jobs[job]!.needs.some((need) => !satisfied(need, endingOf(need.on)))) return 'SKIPPED';
    return fails(job) ? 'FAILED' : 'SUCCESSFUL';
  };
  return jobs.map((_, job) => endingOf(job));
}

export function verdictOf(jobs: readonly ModelJob[], statuses: readonly Status[], requested: boolean): Ending {
  if (requested) return 'CANCELED';
  return statuses.some((status, job) => status === 'FAILED' && !jobs[job]!.allowFailure) ? 'FAILED' : 'SUCCESSFUL';
}

/** The direct and indirect dependents of a job, in topological order. */
export function dependentsOf(jobs: readonly ModelJob[], job: number): number[] {
  const found = new Set([job]);
  for (let before = 0; before < found.size;) {
    before = found.size;
    jobs.forEach(({ needs }, at) => needs.some(({ on }) => found.has(on)) && found.add(at));
  }
  found.delete(job);
  const ordered: number[] = [];
  const place = (at: number): void => {
    if (!found.delete(at)) return;
    for (const { on } of jobs[at]!.needs) place(on);
    ordered.push(at);
  };
  for (const at of [...found]) place(at);
  return ordered;
}

/** The statuses after a retry of a FAILED job: a dependent whose edge is broken for another reason stays skipped. */
export function afterReopening(jobs: readonly ModelJob[], job: number, statuses: readonly Status[]): Status[] {
  const next = [...statuses];
  next[job] = 'PENDING';
  for (const at of dependentsOf(jobs, job)) {
    next[at] = edgesOf(jobs[at]!, (on) => next[on]!).broken.length > 0 ? 'SKIPPED' : 'PENDING';
  }
  return next;
}

/** The initial statuses of a rerun of the chosen jobs and their dependents. Undefined if it must be refused. */
export function afterRerun(
  jobs: readonly ModelJob[],
  chosen: readonly number[],
  statuses: readonly Status[],
): Status[] | undefined {
  const again = new Set(chosen.flatMap((job) => [job, ...dependentsOf(jobs, job)]));
  const kept = statuses.filter((_, job) => !again.has(job));
  if (kept.some((status) => status !== 'SUCCESSFUL' && status !== 'SKIPPED')) return undefined;
  const next = statuses.map((status, job): Status => (again.has(job) ? 'PENDING' : status));
  const edges = (job: number) => edgesOf(jobs[job]!, (on) => next[on]!);
  // A skipped job may break further edges, so this repeats until nothing changes.
  for (let before = ''; before !== next.join();) {
    before = next.join();
    for (const job of again) if (edges(job).broken.length > 0) next[job] = 'SKIPPED';
  }
  const canRun = [...again].some((job) => next[job] === 'PENDING' && edges(job).waiting === 0);
  return canRun ? next : undefined;
}

export const infrastructureReasons: readonly string[] = [
  'Lost',
  'Deleted',
  'Evicted',
  'Preempted',
  'NodeLost',
  'RegistryError',
];
export const userReasons: readonly string[] = ['ExitCode', 'Signal', 'OutOfMemory', 'TimedOut'];
const lossBackoffsMs = [1_000, 10_000, 60_000];

export interface Spent {
  losses: number;
  failures: number;
}

/** The backoff in ms after an attempt failed for this reason. Undefined if no attempt follows. */
export function backoffAfter({ retries }: ModelJob, reason: string, { losses, failures }: Spent): number | undefined {
  if (infrastructureReasons.includes(reason)) return lossBackoffsMs[losses];
  if (!userReasons.includes(reason) || !retries || failures >= retries.limit) return undefined;
  return Math.floor(Math.min(retries.maxMs, retries.initialMs * retries.factor ** failures));
}

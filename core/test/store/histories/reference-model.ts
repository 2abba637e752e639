/*
 * How jobs and runs end, written down a second time in the plainest way, from the published tables
 * and from nothing else. It imports nothing of core.
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

/** How all jobs end where nothing ends the run before; `fails`: of a job that runs, how its last attempt ends. */
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

/** All that waits for a job, directly or not; what others of them wait for comes first. */
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

/** How the dependents of a FAILED job stand once it is to run again: what is broken for another reason stays skipped. */
export function afterReopening(jobs: readonly ModelJob[], job: number, statuses: readonly Status[]): Status[] {
  const next = [...statuses];
  next[job] = 'PENDING';
  for (const at of dependentsOf(jobs, job)) {
    next[at] = edgesOf(jobs[at]!, (on) => next[on]!).broken.length > 0 ? 'SKIPPED' : 'PENDING';
  }
  return next;
}

/** How jobs stand in a run that runs these ones again and all that waits for them; undefined: it cannot be. */
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
  // One that is skipped may break others: until nothing changes.
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

/** How long the next attempt waits after one failed so; undefined: there is none. */
export function backoffAfter({ retries }: ModelJob, reason: string, { losses, failures }: Spent): number | undefined {
  if (infrastructureReasons.includes(reason)) return lossBackoffsMs[losses];
  if (!userReasons.includes(reason) || !retries || failures >= retries.limit) return undefined;
  return Math.floor(Math.min(retries.maxMs, retries.initialMs * retries.factor ** failures));
}

/*
 * How jobs and runs end, written down a second time in the plainest way, from the published truth
 * table and from nothing else. It imports nothing of core.
 */
export type Ending = 'SUCCESSFUL' | 'FAILED' | 'SKIPPED' | 'CANCELED';

export interface ModelJob {
  needs: { on: number; success: boolean; failure: boolean; skipped: boolean }[];
  fails: boolean;
  allowFailure: boolean;
}

type Need = ModelJob['needs'][number];

export const satisfied = (need: Need, ending: Ending): boolean =>
  ({ SUCCESSFUL: need.success, FAILED: need.failure, SKIPPED: need.skipped, CANCELED: false })[ending];

/** `ran`: the jobs whose own end came before a cancel; without a cancel all can. */
export function endingsOf(jobs: readonly ModelJob[], ran: (job: number) => boolean = () => true): Ending[] {
  const known: Ending[] = [];
  const endingOf = (job: number): Ending => (known[job] ??= decide(job));
  const decide = (job: number): Ending => {
    const { needs, fails } = jobs[job]!;
    const endings = needs.map((need) => ({ need, ending: endingOf(need.on) }));
    if (endings.some(({ need, ending }) => ending !== 'CANCELED' && !satisfied(need, ending))) return 'SKIPPED';
    if (endings.some(({ ending }) => ending === 'CANCELED') || !ran(job)) return 'CANCELED';
    return fails ? 'FAILED' : 'SUCCESSFUL';
  };
  return jobs.map((_, job) => endingOf(job));
}

export function verdictOf(jobs: readonly ModelJob[], endings: readonly Ending[], canceled: boolean): Ending {
  if (canceled) return 'CANCELED';
  return endings.some((ending, job) => ending === 'FAILED' && !jobs[job]!.allowFailure) ? 'FAILED' : 'SUCCESSFUL';
}

import type { Sweep } from '@chainr/core/service/sweep';
import type { AttemptRunner } from '../attempt/attempt-runner.js';
import type { WorkContext } from '../context.js';

/**
 * A Redis that was restarted or replaced may have lost its newest writes, claims among them (see Rollback). If an
 * attempt waits to be claimed and its name is found here, it is claimed at once, so that it goes on and nothing of it
 * is started again.
 */
export function claimFoundAttempts(context: WorkContext, runner: AttemptRunner): Sweep {
  /** The Redis whose lost claims have all been found. */
  let knownRunId: string | undefined;
  return {
    name: 'claim-found-attempts',
    window: 'A Redis that lost the claims of attempts that run: it takes them for waiting.',
    everyMs: context.config.leaseSweepMs,
    sweep: async () => {
      const { runId } = await context.store.serverLife.read();
      const isKnown = knownRunId === undefined || knownRunId === runId;
      const { claimed, left } = isKnown ? { claimed: 0, left: 0 } : await claimFound(context, runner);
      if (left === 0) knownRunId = runId;
      return { changed: claimed };
    },
  };
}

/** @returns how many were claimed, and how many this worker holds under leases that it has yet to lose */
async function claimFound(
  { store, executor, ...context }: WorkContext,
  runner: AttemptRunner,
): Promise<{ claimed: number; left: number }> {
  // The executor may have attempts of other pools: their workers claim those.
  const by = {
    owner: context.owner,
    executor: context.executorNumber(),
    ttlMs: context.config.leaseTtlMs,
    pool: context.pool,
  };
  let claimed = 0;
  let left = 0;
  for (const { run, job, attempt } of await executor.list()) {
    const index = (await store.runs.findJob(run, job))?.index;
    if (index === undefined) continue;
    const standing = await store.remains.lookUp(run, index, attempt);
    if (standing.kind !== 'open' || standing.claimed) continue;
    if (runner.holds({ run, job, attempt })) {
      left += 1;
      continue;
    }
    const sentAt = performance.now();
    const reply = await store.transitions.claim({ run, index, attempt }, by);
    if (typeof reply === 'string') continue;
    context.capacity.takeOverCapacity();
    runner.startClaimed(reply, sentAt);
    claimed += 1;
  }
  return { claimed, left };
}

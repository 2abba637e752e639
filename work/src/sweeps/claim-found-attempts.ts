import type { Sweep } from '@chainr/core/service/sweep';
import type { AttemptRunner } from '../attempt-runner.js';
import type { WorkContext } from '../context.js';

/**
 * Rule R7: a Redis that was restarted or replaced may have lost its newest writes, claims among them. What is here
 * under the name of an attempt that waits is claimed at once, so that it goes on; nothing of it is started again.
 */
export function claimFoundAttempts(context: WorkContext, runner: AttemptRunner): Sweep {
  let knownRunId: string | undefined;
  return {
    name: 'claim-found-attempts',
    window: 'A Redis that lost the claims of attempts that run: it takes them for waiting.',
    everyMs: context.config.leaseSweepMs,
    sweep: async () => {
      const { runId } = await context.store.work.serverLife();
      const changed = knownRunId === undefined || knownRunId === runId ? 0 : await claimFound(context, runner);
      knownRunId = runId;
      return { changed };
    },
  };
}

async function claimFound({ store, executor, ...context }: WorkContext, runner: AttemptRunner): Promise<number> {
  const by = { owner: context.owner, executor: context.executorNumber(), ttlMs: context.config.leaseTtlMs };
  let claimed = 0;
  for (const { run, job, attempt } of await executor.list()) {
    if (runner.holds({ run, job, attempt })) continue;
    const index = (await store.runs.findJob(run, job))?.index;
    if (index === undefined) continue;
    const standing = await store.work.lookUpAttempt(run, index, attempt);
    if (standing.kind !== 'open' || standing.claimed) continue;
    const sentAt = performance.now();
    const reply = await store.transitions.claim({ run, index, attempt }, by);
    if (typeof reply === 'string') continue;
    context.capacity.takeAnyway();
    runner.startClaimed(reply, sentAt);
    claimed += 1;
  }
  return claimed;
}

import type { Swept } from '@chainr/core/service/sweep';
import type { ExpiredLease } from '@chainr/core/store/work-store';
import type { AttemptRunner } from '../attempt-runner.js';
import type { WorkContext } from '../context.js';
import type { TakeOverCaution } from './take-over-caution.js';

/** How many leases one pass takes: what one worker takes the others of its executor cannot. */
const leasesPerPass = 64;

/**
 * Takes over expired leases of this executor, those of one sort. The expired end of `leases:EXECUTOR` is the
 * executor's queue of adoptions: nothing can be lost from it, and who is second finds nothing there (rule R2).
 */
export async function takeOver(
  context: WorkContext,
  runner: AttemptRunner,
  caution: TakeOverCaution,
  wanted: (expired: ExpiredLease) => boolean,
): Promise<Swept> {
  if (!(await caution.allows())) return { changed: 0 };
  const { store, owner, config } = context;
  const executor = context.executorNumber();
  const expired = await store.work.listExpiredLeases(executor, leasesPerPass);
  // Those that it holds are late, and it still tries to renew them. What is its own and not in its hands, a Redis has
  // brought back that lost its newest writes, the end of the attempt among them; nobody else may be there (rule R6).
  const isHeld = ({ lease }: ExpiredLease) => lease.owner === owner && context.leases.holds(lease);
  const adoptable = expired.filter((each) => !isHeld(each) && wanted(each));
  let changed = 0;
  for (const { lease } of adoptable) {
    const sentAt = performance.now();
    const by = { owner, executor, ttlMs: config.leaseTtlMs, ownerGone: false };
    const adopted = await store.transitions.adopt(lease, by);
    if (typeof adopted === 'string') continue;
    runner.startAdopted(adopted, sentAt);
    const { run, index, attempt } = lease;
    context.logger.info({ event: 'attempt.adopted', run, index, attempt, from: lease.owner }, 'An attempt is adopted');
    changed += 1;
  }
  return { changed, lagMs: Math.max(0, ...adoptable.map(({ overdueMs }) => overdueMs)) };
}

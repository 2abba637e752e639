import type { Swept } from '@chainr/core/service/sweep';
import type { ExpiredLease } from '@chainr/core/store/work/leases';
import type { AttemptRunner } from '../attempt/attempt-runner.js';
import type { WorkContext } from '../context.js';
import type { AdoptionHoldOff } from './adoption-hold-off.js';

/** The most leases that one pass adopts: what one worker takes, the others of its executor cannot. */
const leasesPerPass = 64;
/** The most pages of that size that one pass examines. */
const pagesPerPass = 16;

/**
 * Adopts the `wanted` expired leases of this executor. The expired end of `leases:EXECUTOR` is the executor's queue of
 * adoptions: nothing can be lost from it, and a second worker finds nothing there (see Where attempts run).
 */
export async function adoptLeases(
  context: WorkContext,
  runner: AttemptRunner,
  holdOff: AdoptionHoldOff,
  wanted: (expired: ExpiredLease) => boolean,
): Promise<Swept> {
  if (!(await holdOff.allows())) return { changed: 0 };
  const { store, owner } = context;
  // A lease that we hold is only late, and we still try to renew it. A lease with our owner token that we do not hold
  // came back with a Redis that was rolled back and lost the attempt's end. Nobody else may be there, so adopt it (see
  // Resent calls).
  const isHeld = ({ lease }: ExpiredLease) => lease.owner === owner && context.leases.holds(lease);
  let changed = 0;
  let lagMs = 0;
  // Leases that stay, such as suspects (see Crash loops), must not block those behind them.
  for (let page = 0, left = 0; page < pagesPerPass && changed < leasesPerPass; page += 1) {
    const expired = await store.leases.listExpired(context.executorNumber(), leasesPerPass, left);
    let taken = 0;
    for (const each of expired.filter((one) => !isHeld(one) && wanted(one))) {
      if (!(await adoptOne(context, runner, each))) continue;
      taken += 1;
      lagMs = Math.max(lagMs, each.overdueMs);
    }
    changed += taken;
    left += expired.length - taken;
    if (expired.length < leasesPerPass) break;
  }
  return { changed, lagMs };
}

async function adoptOne(context: WorkContext, runner: AttemptRunner, { lease }: ExpiredLease): Promise<boolean> {
  const { store, owner, config, logger } = context;
  const sentAt = performance.now();
  const by = { owner, executor: context.executorNumber(), ttlMs: config.leaseTtlMs, ownerGone: false };
  const adopted = await store.transitions.adopt(lease, by);
  if (typeof adopted === 'string') return false;
  runner.startAdopted(adopted, sentAt);
  const { run, index, attempt } = lease;
  logger.info({ event: 'attempt.adopted', run, index, attempt, from: lease.owner }, 'An attempt is adopted');
  return true;
}

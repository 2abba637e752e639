import type { Sweep } from '@chainr/core/service/sweep';
import type { AttemptRunner } from './attempt/attempt-runner.js';
import type { WorkContext } from './context.js';
import { adoptExpiredLeases } from './sweeps/adopt-expired-leases.js';
import { claimFoundAttempts } from './sweeps/claim-found-attempts.js';
import { closeEndedAttempts } from './sweeps/close-ended-attempts.js';
import { expireDeadlines } from './sweeps/expire-deadlines.js';
import { recheckMissingAttempts } from './sweeps/recheck-missing-attempts.js';
import { removeClosedAttempts } from './sweeps/remove-closed-attempts.js';
import { removeStrays } from './sweeps/remove-strays.js';
import { AdoptionHoldOff } from './sweeps/adoption-hold-off.js';

/** The housekeeping of an executor. Each of its workers does all of it. */
export function listSweeps(context: WorkContext, runner: AttemptRunner): readonly Sweep[] {
  const holdOff = new AdoptionHoldOff(context.store, context.config.leaseTtlMs);
  return [
    adoptExpiredLeases(context, runner, holdOff),
    closeEndedAttempts(context, runner, holdOff),
    claimFoundAttempts(context, runner),
    expireDeadlines(context),
    recheckMissingAttempts(context, runner),
    removeClosedAttempts(context),
    removeStrays(context),
  ];
}

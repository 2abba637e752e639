import type { Sweep } from '@chainr/core/service/sweep';
import type { AttemptRunner } from '../attempt/attempt-runner.js';
import type { WorkContext } from '../context.js';
import type { AdoptionHoldOff } from './adoption-hold-off.js';
import { adoptLeases } from './adopt-leases.js';

export function adoptExpiredLeases(context: WorkContext, runner: AttemptRunner, holdOff: AdoptionHoldOff): Sweep {
  return {
    name: 'adopt-expired-leases',
    window: 'A worker that died, froze or was shut down between the claim and the end of an attempt, which goes on.',
    everyMs: context.config.leaseSweepMs,
    sweep: () => adoptLeases(context, runner, holdOff, ({ ended }) => !ended),
  };
}

import type { Sweep } from '@chainr/core/service/sweep';
import type { AttemptRunner } from '../attempt-runner.js';
import type { WorkContext } from '../context.js';
import type { TakeOverCaution } from './take-over-caution.js';
import { takeOver } from './take-over.js';

export function adoptExpiredLeases(context: WorkContext, runner: AttemptRunner, caution: TakeOverCaution): Sweep {
  return {
    name: 'adopt-expired-leases',
    window: 'A worker that died, froze or was shut down between the claim and the end of an attempt, which goes on.',
    everyMs: context.config.leaseSweepMs,
    sweep: () => takeOver(context, runner, caution, ({ ended }) => !ended),
  };
}

import type { Sweep } from '@chainr/core/service/sweep';
import type { AttemptRunner } from '../attempt/attempt-runner.js';
import type { WorkContext } from '../context.js';
import type { AdoptionHoldOff } from './adoption-hold-off.js';
import { adoptLeases } from './adopt-leases.js';

export function closeEndedAttempts(context: WorkContext, runner: AttemptRunner, holdOff: AdoptionHoldOff): Sweep {
  return {
    name: 'close-ended-attempts',
    window:
      'A worker that died between the end of an attempt and its closing: the rest of its log is unread (see Ended is not closed).',
    everyMs: context.config.leaseSweepMs,
    sweep: () => adoptLeases(context, runner, holdOff, ({ ended }) => ended),
  };
}

import type { Sweep } from '@chainr/core/service/sweep';
import type { AttemptRunner } from '../attempt-runner.js';
import type { WorkContext } from '../context.js';
import type { TakeOverCaution } from './take-over-caution.js';
import { takeOver } from './take-over.js';

export function closeEndedAttempts(context: WorkContext, runner: AttemptRunner, caution: TakeOverCaution): Sweep {
  return {
    name: 'close-ended-attempts',
    window:
      'A worker that died between the end of an attempt and its closing: the rest of its log is unread (rule R5).',
    everyMs: context.config.leaseSweepMs,
    sweep: () => takeOver(context, runner, caution, ({ ended }) => ended),
  };
}

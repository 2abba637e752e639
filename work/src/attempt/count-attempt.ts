import { outcomeReasons } from '@chainr/core/engine/outcome';
import type { Reason } from '@chainr/core/engine/reasons';
import type { Metrics } from '@chainr/core/service/metrics';
import type { AttemptTimes } from './attempt-times.js';

const phases = ['waiting', 'starting', 'running', 'closing'] as const;

/** What has not happened is reported as 0, so that its first time is an increase. */
export function showAttempts(metrics: Metrics): void {
  for (const phase of phases) metrics.histogram('attemptPhases').zero({ phase });
  for (const reason of outcomeReasons) metrics.counter('attemptEnds').inc({ reason }, 0);
  metrics.counter('leasesAdopted').inc(0);
  metrics.counter('leasesLost').inc(0);
}

/** Counts an attempt that is closed now. Clocks of hosts may differ: no phase is shorter than 0. */
export function countAttempt(metrics: Metrics, reason: Reason, times: AttemptTimes): void {
  const { readyAt, claimedAt, startedAt, endedAt = Date.now() } = times;
  const histogram = metrics.histogram('attemptPhases');
  const observe = (phase: (typeof phases)[number], ms: number): void =>
    histogram.observe({ phase }, Math.max(0, ms) / 1000);
  observe('waiting', claimedAt - readyAt);
  if (startedAt !== undefined) {
    observe('starting', startedAt - claimedAt);
    observe('running', endedAt - startedAt);
  }
  observe('closing', Date.now() - endedAt);
  metrics.counter('attemptEnds').inc({ reason });
}

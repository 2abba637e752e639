import { reasonTable, reasons } from '@chainr/core/engine/reasons';
import type { ChainrEvent } from '@chainr/core/engine/records';
import { runStatuses } from '@chainr/core/engine/states';
import type { Metrics } from '@chainr/core/service/metrics';

/** Returns what counts the changes that events tell of, and how old events are when they are read. */
export function countEvents(metrics: Metrics): (events: readonly ChainrEvent[]) => void {
  const runs = metrics.counter('runChanges');
  const jobs = metrics.counter('jobChanges');
  const lag = metrics.histogram('eventLag');
  // What has not happened is reported as 0, so that its first time is an increase.
  for (const status of runStatuses) runs.inc({ status }, 0);
  for (const reason of reasons) for (const status of reasonTable[reason].statuses) jobs.inc({ status, reason }, 0);
  return (events) => {
    const last = events.at(-1);
    if (last) lag.observe(Math.max(0, Date.now() - last.time) / 1000);
    for (const event of events) {
      if (event.kind === 'run.created') runs.inc({ status: 'PENDING' });
      else if (event.kind === 'run.status') runs.inc({ status: event.status });
      else jobs.inc({ status: event.status, reason: event.reason });
    }
  };
}

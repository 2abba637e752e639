import type { WorkerList } from '@chainr/core/api/contract/worker-resource';
import { formatTable } from './format-table.js';
import { durationBetween } from './format-time.js';
import { printable } from './paint.js';

/** The workers as a table, one per line; below it a note if chainr is paused. */
export function showWorkers({ paused, items }: WorkerList): string[] {
  const head = ['WORKER', 'HOST', 'POOL', 'EXECUTOR', 'RUNNING', 'STATE', 'SEEN'];
  const rows = items.map(({ id, host, pool, executor, running, capacity, draining, seenAt }) => [
    id,
    printable(host),
    pool,
    executor,
    `${String(running)}/${String(capacity)}`,
    draining ? 'draining' : 'working',
    `${durationBetween(seenAt, undefined)} ago`,
  ]);
  return [
    ...(items.length === 0
      ? ['No worker was seen in the last 30 seconds; jobs wait until one is running.']
      : formatTable([head, ...rows])),
    ...(paused ? ['chainr is paused: no new jobs start until chainr resume.'] : []),
  ];
}

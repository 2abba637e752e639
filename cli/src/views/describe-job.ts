import type { Attempt, Job } from '@chainr/core/api/contract/job-resource';
import { formatTable } from './format-table.js';
import { paintAs, printable } from './paint.js';
import { showJob, type Paper } from './show-run.js';

/** A job with all that its executor has told about where its attempts ran. */
export function describeJob(job: Job, terminal: Paper): string[] {
  return [...showJob(job, terminal), ...job.attempts.flatMap((attempt) => runtimeLines(attempt, terminal))];
}

function runtimeLines({ attempt, runtime }: Attempt, { colors }: Paper): string[] {
  if (!runtime) return [];
  const { pod, node, containers, events, eventsMissing } = runtime;
  const ran = containers.map(({ name, image, imageId = '-', state, restarts = 0 }) => [
    name,
    printable(state),
    String(restarts),
    printable(image),
    printable(imageId),
  ]);
  const told = events.map(({ time, type, reason, message, count = 1 }) => [
    time,
    type === 'Warning' ? { text: type, paint: (text: string) => paintAs('yellow', text, colors) } : type,
    `${printable(reason)}${count > 1 ? ` (x${String(count)})` : ''}`,
    printable(message),
  ]);
  return [
    '',
    `Attempt ${String(attempt)}: pod ${pod}${node === undefined ? '' : ` on ${node}`}`,
    ...(ran.length === 0 ? [] : formatTable([['CONTAINER', 'STATE', 'RESTARTS', 'IMAGE', 'IMAGE ID'], ...ran])),
    ...(told.length === 0 ? [] : ['', ...formatTable([['LAST SEEN', 'TYPE', 'EVENT', 'MESSAGE'], ...told])]),
    ...(eventsMissing === undefined ? [] : ['', `Events are missing: ${printable(eventsMissing)}`]),
  ];
}

import type { Run } from '@chainr/core/api/run-resource';
import { formatTable } from './format-table.js';
import { spanBetween } from './format-time.js';
import { statusCell } from './paint.js';
import { showCounts } from './show-run.js';
import { print, type Terminal } from './terminal.js';

/** Failed jobs whose log is named. */
const logsNamed = 10;

/** How a run ended, and where to look at what failed. */
export function printVerdict(run: Run, terminal: Terminal): void {
  const { uid, startedAt, endedAt } = run.metadata;
  const { paint, text } = statusCell(run.status, terminal.colors);
  const after = startedAt === undefined ? 'before it began' : `after ${spanBetween(startedAt, endedAt)}`;
  print(terminal, `Run ${uid} ${paint(text)} ${after}: ${showCounts(run)}`);
  const failed = run.jobs.filter((job) => job.status === 'FAILED').slice(0, logsNamed);
  for (const line of formatTable(failed.map((job) => [`  ${job.name}`, `chainr logs ${uid} ${job.name}`])))
    print(terminal, line);
}

import type { Run } from '@chainr/core/api/contract/run-resource';
import type { Reason } from '@chainr/core/engine/reasons';
import { commandLine } from '../terminal/command-line.js';
import { formatTable } from './format-table.js';
import { durationBetween } from './format-time.js';
import { statusCell } from './paint.js';
import { showCounts } from './show-run.js';
import { print, type Terminal } from '../terminal/terminal.js';

/** The most failed jobs that are listed. */
const failuresNamed = 10;
/** For these reasons the log says more; for others, `chainr why` does. */
const toldByLog: readonly Reason[] = ['ExitCode', 'Signal', 'OutOfMemory', 'TimedOut'];

/** Prints how a run ended, and a command for each failed job. */
export function printVerdict(run: Run, terminal: Terminal): void {
  const { uid, startedAt, endedAt } = run.metadata;
  const { paint, text } = statusCell(run.status, terminal.colors);
  const after = startedAt === undefined ? 'before it began' : `after ${durationBetween(startedAt, endedAt)}`;
  print(terminal, `Run ${uid} ${paint(text)} ${after}: ${showCounts(run)}`);
  const failed = run.jobs.filter((job) => job.status === 'FAILED').slice(0, failuresNamed);
  const rows = failed.map(({ name, reason }) => {
    const verb = toldByLog.includes(reason) ? 'logs' : 'why';
    return [`  ${name}`, reason, commandLine(terminal, `${verb} ${uid} ${name}`)];
  });
  for (const line of formatTable(rows)) print(terminal, line);
}

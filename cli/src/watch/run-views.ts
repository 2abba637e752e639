import type { EventResource } from '@chainr/core/api/contract/event-resource';
import type { JobSummary, Run } from '@chainr/core/api/contract/run-resource';
import { formatClock } from '../views/format-time.js';
import { printable, statusCell } from '../views/paint.js';
import { printVerdict } from '../views/print-verdict.js';
import { showCounts } from '../views/show-run.js';
import { print, type Terminal } from '../terminal/terminal.js';
import type { RunWatcher } from './watch-run.js';

/** Shows a watched run. */
export interface RunView extends RunWatcher {
  onBegin(run: Run): void;
  onEnd(run: Run): void;
  /** Restores the terminal, whether the run has ended or not. */
  close?(): void;
}

/** One JSON value per line: the run, each of its events, the ended run. */
export function jsonView(terminal: Terminal): RunView {
  const show = (value: object): void => {
    print(terminal, JSON.stringify(value));
  };
  return { onBegin: show, onEvent: show, onState: show, onEnd: show };
}

/** One line for each change of a job, then the result. */
export function textView(terminal: Terminal): RunView {
  const known = new Map<string, string>();
  let nameWidth = 0;
  const showJob = (time: string, job: Omit<JobSummary, 'name'> & { job: string }): void => {
    known.set(job.job, `${job.status} ${job.reason}`);
    const ended = job.status === 'FAILED' || job.status === 'CANCELED' || job.status === 'SKIPPED';
    const why = ended ? `${job.reason}: ${printable(job.message)}` : job.reason;
    const status = statusCell(job.status, terminal.colors);
    print(
      terminal,
      `${formatClock(time)}  ${job.job.padEnd(nameWidth)}  ${status.paint(status.text.padEnd(10))}  ${why}`,
    );
  };
  return {
    onBegin: (run) => {
      const { uid, name, title } = run.metadata;
      const names = [...(name === undefined ? [] : [name]), ...(title === undefined ? [] : [printable(title)])];
      const { paint, text } = statusCell(run.status, terminal.colors);
      print(
        terminal,
        `Run ${uid}${names.length === 0 ? '' : ` (${names.join(': ')})`} ${paint(text)}: ${showCounts(run)}`,
      );
      nameWidth = Math.min(30, Math.max(0, ...run.jobs.map((job) => job.name.length)));
    },
    onEvent: (event: EventResource) => {
      if ('job' in event) showJob(event.time, event);
    },
    onState: (_run, jobs) => {
      const now = new Date().toISOString();
      const changed = jobs.filter((job) => known.get(job.name) !== `${job.status} ${job.reason}`);
      for (const { name: job, ...rest } of changed) showJob(now, { job, ...rest });
    },
    onEnd: (run) => {
      printVerdict(run, terminal);
    },
  };
}

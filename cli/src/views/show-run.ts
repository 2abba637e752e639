import type { Attempt, Job, RuntimeResource } from '@chainr/core/api/contract/job-resource';
import type { JobSummary, Run } from '@chainr/core/api/contract/run-resource';
import { jobStatuses } from '@chainr/core/engine/states';
import { clipText, ellipsisOf } from './clip-text.js';
import { formatTable } from './format-table.js';
import { durationBetween } from './format-time.js';
import { addTitles } from './add-titles.js';
import { printable, statusCell } from './paint.js';
import type { Terminal } from '../terminal/terminal.js';

/** What decides how tables look. */
export type Paper = Pick<Terminal, 'colors' | 'screen' | 'unicode'>;

/** A longer title is cut where columns follow it. */
const longestTitle = 30;

/** Runs as a table, one per line. */
export function showRuns(runs: readonly Run[], terminal: Paper): string[] {
  const head = ['RUN', 'NAME', 'STATUS', 'JOBS', 'AGE', 'DURATION'];
  const rows = runs.map(({ metadata, status, jobCounts }) => [
    metadata.uid,
    metadata.name ?? '-',
    statusCell(status, terminal.colors),
    `${String(jobCounts.SUCCESSFUL)}/${String(sum(Object.values(jobCounts)))}`,
    durationBetween(metadata.createdAt, undefined),
    durationBetween(metadata.startedAt, metadata.endedAt),
  ]);
  return formatTable(
    addTitles(
      [head, ...rows],
      runs.map(({ metadata }) => metadata.title),
      terminal,
    ),
  );
}

/** A run and its jobs. */
export function showRun(run: Run, jobs: readonly JobSummary[], terminal: Paper): string[] {
  const { colors } = terminal;
  const { metadata, status } = run;
  const facts = [
    ['Run', metadata.uid],
    ...(metadata.name === undefined ? [] : [['Name', metadata.name]]),
    ...(metadata.title === undefined ? [] : [['Title', printable(metadata.title)]]),
    ['Status', statusCell(status, colors)],
    ['Created', metadata.createdAt],
    ['Duration', durationBetween(metadata.startedAt, metadata.endedAt)],
    ['Jobs', showCounts(run)],
  ];
  const hasTitles = jobs.some(({ title }) => title !== undefined);
  const titleOf = ({ title = '' }: JobSummary): string =>
    clipText(printable(title), longestTitle, ellipsisOf(terminal));
  const rows = jobs.map((job) => [
    job.name,
    ...(hasTitles ? [titleOf(job)] : []),
    statusCell(job.status, colors),
    job.reason,
    printable(job.message),
  ]);
  const head = ['JOB', ...(hasTitles ? ['TITLE'] : []), 'STATUS', 'REASON', 'MESSAGE'];
  return [...formatTable(facts), '', ...formatTable([head, ...rows])];
}

/** A job with its attempts and outputs. */
export function showJob(job: Job, terminal: Paper): string[] {
  const { colors } = terminal;
  const facts = [
    ['Job', job.metadata.name],
    ...(job.metadata.title === undefined ? [] : [['Title', printable(job.metadata.title)]]),
    ['Run', job.metadata.run],
    ['Status', statusCell(job.status, colors)],
    ['Reason', `${job.reason}: ${printable(job.message)}`],
    ...runtimeFacts(job.attempts.at(-1)?.runtime),
    ...(job.reusedFrom
      ? [['Taken from', `attempt ${String(job.reusedFrom.attempt)} of run ${job.reusedFrom.run}`]]
      : []),
  ];
  if (job.attempts.length === 0) return formatTable(facts);
  const outputs = Object.entries(job.outputs ?? {}).map(([key, value]) => [key, printable(value)]);
  const head = ['ATTEMPT', 'STATUS', 'EXIT', 'DURATION', 'REASON', 'MESSAGE'];
  const rows = job.attempts.map(({ attempt, status, exitCode, phases, reason, message }) => [
    String(attempt),
    // An interrupted attempt has no status of its own.
    status === 'PENDING' && phases.endedAt !== undefined ? '-' : statusCell(status, colors),
    exitCode === undefined ? '-' : String(exitCode),
    durationBetween(phases.startedAt, phases.endedAt),
    reason,
    printable(message),
  ]);
  const shown = outputs.length === 0 ? [] : ['', ...formatTable([['OUTPUT', 'VALUE'], ...outputs])];
  return [
    ...formatTable(facts),
    '',
    ...formatTable([head, ...rows]),
    ...stepLines(job.attempts.at(-1), terminal),
    ...shown,
  ];
}

const runtimeFacts = (runtime: RuntimeResource | undefined): string[][] => {
  if (!runtime) return [];
  return [['Pod', runtime.pod], ...(runtime.node === undefined ? [] : [['Node', runtime.node]])];
};

/** The steps of the last attempt, if the job has several. */
function stepLines(attempt: Attempt | undefined, terminal: Paper): string[] {
  const steps = attempt?.steps ?? [];
  if (steps.length < 2) return [];
  const rows = steps.map(({ name, exitCode, tolerated, startedAt, endedAt }) => [
    name,
    `${exitCode === undefined ? '-' : String(exitCode)}${tolerated ? ' (tolerated)' : ''}`,
    durationBetween(startedAt, endedAt),
  ]);
  const table = [['STEP', 'EXIT', 'DURATION'], ...rows];
  return [
    '',
    ...formatTable(
      addTitles(
        table,
        steps.map(({ title }) => title),
        terminal,
      ),
    ),
  ];
}

/** `3 SUCCESSFUL, 1 SKIPPED`. Failed jobs of a SUCCESSFUL run have `allowFailure`. */
export function showCounts({ status: runStatus, jobCounts }: Run): string {
  const counts = jobStatuses
    .filter((status) => jobCounts[status] > 0)
    .map((status) => {
      const allowed = status === 'FAILED' && runStatus === 'SUCCESSFUL' ? ' (allowed)' : '';
      return `${String(jobCounts[status])} ${status}${allowed}`;
    });
  return counts.join(', ');
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

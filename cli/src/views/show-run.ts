import type { Attempt, Job } from '@chainr/core/api/contract/job-resource';
import type { JobSummary, Run } from '@chainr/core/api/contract/run-resource';
import { jobStatuses } from '@chainr/core/engine/states';
import { formatTable } from './format-table.js';
import { spanBetween } from './format-time.js';
import { printable, statusCell } from './paint.js';

/** Runs as a table, one per line. */
export function showRuns(runs: readonly Run[], colors: boolean): string[] {
  const head = ['RUN', 'NAME', 'STATUS', 'JOBS', 'AGE', 'DURATION'];
  const rows = runs.map(({ metadata, status, jobCounts }) => [
    metadata.uid,
    metadata.name ?? '-',
    statusCell(status, colors),
    `${String(jobCounts.SUCCESSFUL)}/${String(sum(Object.values(jobCounts)))}`,
    spanBetween(metadata.createdAt, undefined),
    spanBetween(metadata.startedAt, metadata.endedAt),
  ]);
  return formatTable([head, ...rows]);
}

/** A run and its jobs. */
export function showRun(run: Run, jobs: readonly JobSummary[], colors: boolean): string[] {
  const { metadata, status } = run;
  const facts = [
    ['Run', metadata.uid],
    ...(metadata.name === undefined ? [] : [['Name', metadata.name]]),
    ...(metadata.title === undefined ? [] : [['Title', printable(metadata.title)]]),
    ['Status', statusCell(status, colors)],
    ['Created', metadata.createdAt],
    ['Duration', spanBetween(metadata.startedAt, metadata.endedAt)],
    ['Jobs', showCounts(run)],
  ];
  const rows = jobs.map((job) => [job.name, statusCell(job.status, colors), job.reason, printable(job.message)]);
  return [...formatTable(facts), '', ...formatTable([['JOB', 'STATUS', 'REASON', 'MESSAGE'], ...rows])];
}

/** A job with its attempts and outputs. */
export function showJob(job: Job, colors: boolean): string[] {
  const facts = [
    ['Job', job.metadata.name],
    ...(job.metadata.title === undefined ? [] : [['Title', printable(job.metadata.title)]]),
    ['Run', job.metadata.run],
    ['Status', statusCell(job.status, colors)],
    ['Reason', `${job.reason}: ${printable(job.message)}`],
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
    spanBetween(phases.startedAt, phases.endedAt),
    reason,
    printable(message),
  ]);
  const shown = outputs.length === 0 ? [] : ['', ...formatTable([['OUTPUT', 'VALUE'], ...outputs])];
  return [...formatTable(facts), '', ...formatTable([head, ...rows]), ...stepLines(job.attempts.at(-1)), ...shown];
}

/** The steps of the last attempt, if the job has several. */
function stepLines(attempt: Attempt | undefined): string[] {
  const steps = attempt?.steps ?? [];
  if (steps.length < 2) return [];
  const hasTitles = steps.some(({ title }) => title !== undefined);
  const rows = steps.map(({ name, title, exitCode, tolerated, startedAt, endedAt }) => [
    name,
    `${exitCode === undefined ? '-' : String(exitCode)}${tolerated ? ' (tolerated)' : ''}`,
    spanBetween(startedAt, endedAt),
    ...(hasTitles ? [printable(title ?? '')] : []),
  ]);
  return ['', ...formatTable([['STEP', 'EXIT', 'DURATION', ...(hasTitles ? ['TITLE'] : [])], ...rows])];
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

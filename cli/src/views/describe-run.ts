import type { Run } from '@chainr/core/api/contract/run-resource';
import type {
  JobTimelineResource,
  PathPartResource,
  TimelineResource,
} from '@chainr/core/api/contract/timeline-resource';
import { formatRoundedDuration } from '@chainr/core/pipeline/duration';
import { shares } from '@chainr/core/timeline/attempt-spans';
import { clipText, ellipsisOf } from './clip-text.js';
import { commandLine } from '../terminal/command-line.js';
import { formatTable } from './format-table.js';
import { printable, statusCell } from './paint.js';
import { showCounts } from './show-run.js';
import { columnsOf, type Terminal } from '../terminal/terminal.js';
import { barLegend, drawBar, type BarPaper } from './timeline-bars.js';

/** A longer name or title is cut, to leave room for the bars. */
const longestName = 30;
/** The shortest bar. On a terminal too narrow for it, lines are wrapped. */
const leastBar = 20;
/** The most jobs of the critical path, and the most failures, that are listed by name. */
const namedInWords = 10;

/** Everything about a run, with the timeline of its jobs as bars. */
export function describeRun(run: Run, timeline: TimelineResource, terminal: Terminal): string[] {
  return [
    ...factsOf(run, timeline, terminal),
    '',
    ...barsOf(timeline, terminal),
    ...hiddenJobs(run, timeline),
    '',
    ...pathLines(timeline),
    ...failureLines(run, terminal),
  ];
}

function factsOf(run: Run, timeline: TimelineResource, { colors }: Terminal): string[] {
  const { uid, name, title, externalId, labels, createdAt, pool, rerunOf } = run.metadata;
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return formatTable([
    ['Run', uid],
    ...(name === undefined ? [] : [['Name', name]]),
    ...(title === undefined ? [] : [['Title', printable(title)]]),
    ...(externalId === undefined ? [] : [['External id', printable(externalId)]]),
    ['Status', statusCell(run.status, colors)],
    ...(pairs.length === 0 ? [] : [['Labels', pairs.join(', ')]]),
    ...(rerunOf === undefined ? [] : [['Rerun of', rerunOf]]),
    ['Created', createdAt],
    ['Pool', pool],
    ['Jobs', showCounts(run)],
    [
      'Time',
      `${formatRoundedDuration(lengthOf(timeline))} from its creation${run.metadata.endedAt === undefined ? ' until now' : ''}`,
    ],
    ['Shares', sharesOf(timeline)],
  ]);
}

function sharesOf({ shares: { percent } }: TimelineResource): string {
  const parts = shares.map((share) => `${share} ${String(percent[share])} %`);
  return `${parts.join(', ')} (along the critical path)`;
}

function barsOf(timeline: TimelineResource, terminal: Terminal): string[] {
  const { colors, unicode } = terminal;
  const path = unicode ? '◆' : '*';
  const clip = (text: string): string => clipText(text, longestName, ellipsisOf({ unicode }));
  const hasTitles = timeline.items.some(({ title }) => title !== undefined);
  const rows = timeline.items.map((job) => [
    `${job.critical ? path : ' '} ${clip(job.name)}`,
    ...(hasTitles ? [clip(printable(job.title ?? ''))] : []),
    statusCell(job.status, colors),
    ownTime(job, timeline.to),
  ]);
  const columns = ['  JOB', ...(hasTitles ? ['TITLE'] : []), 'STATUS', 'TIME'];
  const widest = formatTable([...rows, [...columns, 'x']]).reduce((most, line) => Math.max(most, line.length), 0);
  const paper: BarPaper = {
    from: Date.parse(timeline.from),
    to: Date.parse(timeline.to),
    columns: Math.max(leastBar, columnsOf(terminal) - widest - 3),
    unicode,
    colors,
  };
  const head = [...columns, axisOf(paper)];
  const bars = timeline.items.map((job, at) => [...(rows[at] ?? []), drawBar(job, paper)]);
  return [...formatTable([head, ...bars]), '', `  ${barLegend(terminal)}   ${path} on the critical path`];
}

/** `0s        1.2s`: the times at both ends of a bar. */
function axisOf({ from, to, columns }: BarPaper): string {
  const end = formatRoundedDuration(to - from);
  return `0s${end.padStart(columns - 2)}`;
}

/** From the first claim of a job to its end, retries included. */
function ownTime({ attempts }: JobTimelineResource, end: string): string {
  const spans = attempts
    .flatMap((attempt) => attempt.spans)
    .filter(({ kind }) => kind === 'starting' || kind === 'working');
  const [first, last] = [spans[0], spans.at(-1)];
  if (!first || !last) return '-';
  return formatRoundedDuration(lengthOf({ from: first.from, to: last.to ?? end }));
}

function hiddenJobs(run: Run, { items }: TimelineResource): string[] {
  const hidden = Object.values(run.jobCounts).reduce((sum, count) => sum + count, 0) - items.length;
  return hidden > 0 ? [`  … and ${String(hidden)} more jobs: --all shows them`] : [];
}

function pathLines({ criticalPath }: TimelineResource): string[] {
  if (criticalPath.length === 0) return ['Critical path  none yet'];
  const shown = [...criticalPath].sort((a, b) => lengthOf(b) - lengthOf(a)).slice(0, namedInWords);
  const parts = criticalPath.filter((part) => shown.includes(part)).map(partOf);
  const hidden = criticalPath.length - parts.length;
  return [
    `Critical path, waiting included  ${parts.join(' > ')}${hidden > 0 ? ` (the longest of ${String(criticalPath.length)} jobs)` : ''}`,
  ];
}

const partOf = (part: PathPartResource): string => `${part.job} ${formatRoundedDuration(lengthOf(part))}`;

function failureLines(run: Run, terminal: Terminal): string[] {
  const failed = run.jobs.filter(({ status }) => status === 'FAILED').slice(0, namedInWords);
  const rows = failed.map((job) => [
    `  ${job.name}`,
    `${job.reason}: ${printable(job.message)}`,
    commandLine(terminal, `logs ${run.metadata.uid} ${job.name}`),
  ]);
  return rows.length === 0 ? [] : ['', 'Failed', ...formatTable(rows)];
}

const lengthOf = ({ from, to }: { from: string; to: string }): number => Date.parse(to) - Date.parse(from);

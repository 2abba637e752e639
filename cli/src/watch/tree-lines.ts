import { jobStatuses, type JobStatus } from '@chainr/core/engine/states';
import { formatRoundedDuration } from '@chainr/core/pipeline/duration';
import stringWidth from 'string-width';
import { clipText, ellipsisOf, padText } from '../views/clip-text.js';
import type { Levels } from './dependency-levels.js';
import type { LiveJob } from './live-jobs.js';
import { paintStatus, printable } from '../views/paint.js';

/** Size and abilities of the terminal for a tree. */
export interface TreePaper {
  columns: number;
  /** The most lines. */
  rows: number;
  unicode: boolean;
  colors: boolean;
  /** Milliseconds since 1970, by the clock of the server. */
  now: number;
}

const marks: Readonly<Record<JobStatus, { unicode: string; ascii: string }>> = {
  PENDING: { unicode: '○', ascii: '.' },
  RUNNING: { unicode: '●', ascii: '>' },
  SUCCESSFUL: { unicode: '✔', ascii: '+' },
  FAILED: { unicode: '✘', ascii: 'x' },
  SKIPPED: { unicode: '–', ascii: '-' },
  CANCELED: { unicode: '⊘', ascii: '!' },
};

/** If there is no room for all jobs, those in these statuses are shown first; the others are only counted. */
const interest: readonly JobStatus[] = ['FAILED', 'RUNNING', 'CANCELED', 'PENDING'];

/** A longer name is cut to keep the columns aligned. */
const widestName = 40;
/** A longer title is cut. */
const widestTitle = 30;
/** If a narrow terminal leaves less room, titles are not shown. */
const narrowestTitle = 8;
/** Columns of status and time, and a little room for the details. */
const columnsBesides = 40;
/** Deeper levels are not indented further. */
const widestIndent = 20;

/**
 * Draws each job below its dependencies, indented by its level. If there are more jobs than lines, the most interesting
 * ones are drawn, and those between them are replaced by a line of counts.
 */
export function treeLines(jobs: readonly LiveJob[], levels: Levels, paper: TreePaper): string[] {
  const levelOf = ({ name }: LiveJob): number => levels.get(name) ?? 0;
  const ordered = [...jobs].sort((a, b) => levelOf(a) - levelOf(b));
  const indentOf = (job: LiveJob): number => Math.min(widestIndent, levelOf(job) * 2);
  const nameWidth = Math.min(widestName, Math.max(0, ...ordered.map((job) => indentOf(job) + job.name.length + 2)));
  const titleWidth = titleColumns(ordered, paper.columns - nameWidth - columnsBesides);
  const shown = chooseShown(ordered, paper.rows);
  const lines: string[] = [];
  let folded: LiveJob[] = [];
  const unfold = (): void => {
    if (folded.length > 0) lines.push(foldLine(folded, paper));
    folded = [];
  };
  for (const job of ordered) {
    if (!shown.has(job.name)) {
      folded.push(job);
      continue;
    }
    unfold();
    lines.push(jobLine(job, indentOf(job), { nameWidth, titleWidth }, paper));
  }
  unfold();
  return lines;
}

/** The names of all jobs, or of the most interesting ones that fit together with the lines of counts. */
function chooseShown(jobs: readonly LiveJob[], rows: number): ReadonlySet<string> {
  if (jobs.length <= rows) return new Set(jobs.map(({ name }) => name));
  const rank = ({ status }: LiveJob): number => interest.indexOf(status);
  const interesting = jobs.filter((job) => rank(job) >= 0 && job.reason !== 'WaitingForDependencies');
  const shown = new Set<string>();
  for (const { name } of interesting.sort((a, b) => rank(a) - rank(b)).slice(0, rows)) {
    shown.add(name);
    if (countLines(jobs, shown) > rows) {
      shown.delete(name);
      break;
    }
  }
  return shown;
}

/** One line for each shown job, and one for each group of jobs between them. */
function countLines(jobs: readonly LiveJob[], shown: ReadonlySet<string>): number {
  return jobs.filter(({ name }, at) => shown.has(name) || at === 0 || shown.has(jobs[at - 1]?.name ?? '')).length;
}

/** The width of the column of titles; 0: none. */
function titleColumns(jobs: readonly LiveJob[], room: number): number {
  const longest = Math.max(0, ...jobs.map(({ title = '' }) => stringWidth(printable(title))));
  return room < narrowestTitle ? 0 : Math.min(longest, widestTitle, room);
}

function jobLine(
  job: LiveJob,
  indent: number,
  { nameWidth, titleWidth }: { nameWidth: number; titleWidth: number },
  { columns, unicode, colors, now }: TreePaper,
): string {
  const mark = unicode ? marks[job.status].unicode : marks[job.status].ascii;
  const ellipsis = ellipsisOf({ unicode });
  const name = clipText(`${' '.repeat(indent)}${mark} ${job.name}`, nameWidth, ellipsis).padEnd(nameWidth);
  const title = clipText(printable(job.title ?? ''), titleWidth, ellipsis);
  const label = titleWidth === 0 ? name : `${name}  ${padText(title, titleWidth)}`;
  const time = job.beganAt === undefined ? '' : formatRoundedDuration((job.endedAt ?? now) - job.beganAt);
  const status = job.status.padEnd(10);
  const head = `${label}  ${status} ${time.padStart(7)}  `;
  const why = clipText(whyOf(job), Math.max(0, columns - 1 - stringWidth(head)), ellipsis);
  if (stringWidth(head) >= columns) return clipText(head.trimEnd(), columns - 1, ellipsis);
  return `${label}  ${paintStatus(job.status, status, colors)} ${time.padStart(7)}  ${why}`.trimEnd();
}

/** Details beyond the status. */
function whyOf({ status, reason, message, attempt }: LiveJob): string {
  const again = attempt > 1 ? `attempt ${String(attempt)}` : '';
  if (reason === 'Completed' || reason === 'WaitingForDependencies') return again;
  const plain = status === 'RUNNING' || reason === 'Queued' || reason === 'WaitingForSlot';
  const said = reason === 'Executing' ? '' : plain ? reason : `${reason}: ${printable(message)}`;
  return [again, said].filter((part) => part !== '').join(', ');
}

function foldLine(jobs: readonly LiveJob[], { columns, unicode }: TreePaper): string {
  const counts = jobStatuses.flatMap((status) => {
    const count = jobs.filter((job) => job.status === status).length;
    return count > 0 ? [`${String(count)} ${status}`] : [];
  });
  return clipText(`${unicode ? '⋮' : ':'} ${counts.join(', ')}`, columns - 1, ellipsisOf({ unicode }));
}

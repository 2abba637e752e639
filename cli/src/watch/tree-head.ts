import stringWidth from 'string-width';
import type { Run } from '@chainr/core/api/contract/run-resource';
import { isFinalJob } from '@chainr/core/engine/states';
import { formatRoundedDuration } from '@chainr/core/pipeline/duration';
import { clipText, ellipsisOf } from '../views/clip-text.js';
import type { LiveJob } from './live-jobs.js';
import { paintStatus, printable } from '../views/paint.js';
import type { TreePaper } from './tree-lines.js';

/** A title is not cut further than this; then it is left out. */
const shortestTitle = 8;

/** The line above the tree: run, status, time. If it is too long, parts are left out, beginning at the left. */
export function treeHead(
  { status, metadata: { uid, name, title, startedAt, endedAt } }: Run,
  jobs: readonly LiveJob[],
  { columns, colors, unicode, now }: Pick<TreePaper, 'columns' | 'colors' | 'unicode' | 'now'>,
): string {
  const end = endedAt === undefined ? now : Date.parse(endedAt);
  const time = startedAt === undefined ? '' : ` ${formatRoundedDuration(end - Date.parse(startedAt))}`;
  const ended = jobs.filter((job) => isFinalJob(job.status)).length;
  const standing = `${time}, ${String(ended)} of ${String(jobs.length)} jobs ended`;
  const room = columns - 1 - status.length - standing.length;
  const known = [...(name === undefined ? [] : [`Run ${uid} (${name}) `]), `Run ${uid} `, ''];
  if (title !== undefined) {
    const before = `Run ${uid} (${name === undefined ? '' : `${name}: `}`;
    const cut = clipText(printable(title), room - before.length - 2, ellipsisOf({ unicode }));
    if (stringWidth(cut) >= shortestTitle) known.unshift(`${before}${cut}) `);
  }
  const fitting = known.find((who) => stringWidth(who) <= room);
  if (fitting === undefined) return clipText(status + standing, columns - 1, '');
  return fitting + paintStatus(status, status, colors) + standing;
}

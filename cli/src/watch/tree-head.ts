import type { Run } from '@chainr/core/api/contract/run-resource';
import { isFinalJob } from '@chainr/core/engine/states';
import { clipText } from '../views/clip-text.js';
import { formatSpan } from '../views/format-time.js';
import type { LiveJob } from './live-jobs.js';
import { paintStatus } from '../views/paint.js';
import type { TreePaper } from './tree-lines.js';

/** The line above the tree: run, status, time. If it is too long, parts are left out, beginning at the left. */
export function treeHead(
  { status, metadata: { uid, name, startedAt, endedAt } }: Run,
  jobs: readonly LiveJob[],
  { columns, colors, now }: Pick<TreePaper, 'columns' | 'colors' | 'now'>,
): string {
  const end = endedAt === undefined ? now : Date.parse(endedAt);
  const time = startedAt === undefined ? '' : ` ${formatSpan(end - Date.parse(startedAt))}`;
  const ended = jobs.filter((job) => isFinalJob(job.status)).length;
  const standing = `${time}, ${String(ended)} of ${String(jobs.length)} jobs ended`;
  const known = [...(name === undefined ? [] : [`Run ${uid} (${name}) `]), `Run ${uid} `, ''];
  const fitting = known.find((who) => who.length + status.length + standing.length < columns);
  if (fitting === undefined) return clipText(status + standing, columns - 1, '');
  return fitting + paintStatus(status, status, colors) + standing;
}

import type { JobStatus, RunStatus } from '@chainr/core/model/states';
import type { Cell } from './format-table.js';

/** The SGR codes of each status: never the only sign, the word is always there. */
const codes: Readonly<Record<JobStatus | RunStatus, string>> = {
  PENDING: '2',
  RUNNING: '36',
  SUCCESSFUL: '32',
  FAILED: '31',
  SKIPPED: '2',
  CANCELED: '33',
};

/** A status as a cell, in its color if the terminal shows any. */
export function statusCell(status: JobStatus | RunStatus, colors: boolean): Cell {
  return { text: status, paint: (text) => (colors ? `\u001b[${codes[status]}m${text}\u001b[0m` : text) };
}

/** A text of somebody else on one line, without anything that could steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
}

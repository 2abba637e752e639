import type { JobStatus, RunStatus } from '@chainr/core/engine/states';
import type { Cell } from './format-table.js';

/** SGR codes (ECMA-48). */
const codes = { dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' } as const;
export type Color = keyof typeof codes;

/** The color is never the only sign of a status: the word is always shown too. */
const statusColors: Readonly<Record<JobStatus | RunStatus, Color>> = {
  PENDING: 'dim',
  RUNNING: 'cyan',
  SUCCESSFUL: 'green',
  FAILED: 'red',
  SKIPPED: 'dim',
  CANCELED: 'yellow',
};

/** A text in a color, if the terminal shows any. */
export function paintAs(color: Color, text: string, colors: boolean): string {
  return colors ? `\u001b[${codes[color]}m${text}\u001b[0m` : text;
}

/** A text in the color of a status, if the terminal shows any. */
export function paintStatus(status: JobStatus | RunStatus, text: string, colors: boolean): string {
  return paintAs(statusColors[status], text, colors);
}

/** A status as a cell, in its color if the terminal shows any. */
export function statusCell(status: JobStatus | RunStatus, colors: boolean): Cell {
  return { text: status, paint: (text) => paintStatus(status, text, colors) };
}

/** They would reorder the rest of the line (UAX #9). */
const bidiControls = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Foreign text on one line, without control characters. */
export function printable(text: string): string {
  return text
    .replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .replace(bidiControls, '')
    .trim();
}

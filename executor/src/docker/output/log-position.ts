import type { Position } from '../../port.js';

/** The last entry read of a stream: its time, and its number (from 1) among the entries of that time. */
export type Mark = [timestamp: string, ordinal: number];

/** How far the streams of a step were read; absent if nothing was read. */
export interface StepMarks {
  stdout?: Mark;
  stderr?: Mark;
}

export function parsePosition(position: Position, stepCount: number): StepMarks[] {
  const read: unknown = position === '' ? [] : JSON.parse(position);
  if (!Array.isArray(read)) throw new Error(`"${position}" is not a position of the docker executor.`);
  return Array.from({ length: stepCount }, (_, index) => {
    const [stdout, stderr] = (read[index] ?? []) as (Mark | null)[];
    return { ...(stdout && { stdout }), ...(stderr && { stderr }) };
  });
}

/** Trailing steps that have not written anything are left out. */
export function formatPosition(steps: readonly StepMarks[]): Position {
  const last = steps.findLastIndex(({ stdout, stderr }) => stdout ?? stderr);
  return JSON.stringify(steps.slice(0, last + 1).map(({ stdout, stderr }) => [stdout ?? null, stderr ?? null]));
}

/** Whether an entry comes after a mark. */
export const isAfter = (mark: Mark | undefined, timestamp: string, ordinal: number): boolean =>
  !mark || timestamp > mark[0] || (timestamp === mark[0] && ordinal > mark[1]);

/**
 * The daemon's `since`, in seconds with nanoseconds: the oldest mark among the streams to read, since one request reads
 * them all.
 */
export function sinceOf(marks: StepMarks, streams: readonly (keyof StepMarks)[]): string {
  const times = streams.map((stream) => marks[stream]?.[0] ?? '');
  const [oldest = ''] = times.sort();
  if (oldest === '') return '0';
  const nanos = /\.(\d{9})Z$/.exec(oldest)?.[1] ?? '000000000';
  return `${String(Math.floor(Date.parse(oldest) / 1000))}.${nanos}`;
}

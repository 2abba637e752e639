import type { Position } from '../../port.js';

/**
 * How far the log of a container was read: the time of the last line, as the kubelet writes it, its number among the lines
 * of that time (from 1), and how many bytes of it were read if it has not ended.
 */
export type Mark = readonly [timestamp: string, ordinal: number, bytes?: number];

export function parsePosition(position: Position, count: number): (Mark | undefined)[] {
  const read: unknown = position === '' ? [] : JSON.parse(position);
  if (!Array.isArray(read)) throw new Error(`"${position}" is not a position of the Kubernetes executor.`);
  return Array.from({ length: count }, (_, index) => (read[index] as Mark | null | undefined) ?? undefined);
}

/** Containers at the end that have not written anything are left out. */
export function formatPosition(marks: readonly (Mark | undefined)[]): Position {
  const last = marks.findLastIndex((mark) => mark !== undefined);
  return JSON.stringify(marks.slice(0, last + 1).map((mark) => mark ?? null));
}

/** The API takes whole seconds only; lines before the mark come again and are dropped. */
export const sinceTimeOf = (mark: Mark | undefined): string | undefined =>
  mark && `${mark[0].slice(0, 'YYYY-MM-DDThh:mm:ss'.length)}Z`;

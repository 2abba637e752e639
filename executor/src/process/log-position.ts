import type { Position } from '../port.js';

/** How far an attempt's output was read: steps run in order, and the output of a step is in numbered segments. */
export interface Place {
  step: number;
  segment: number;
  /** Bytes within the segment. */
  offset: number;
}

/** Parses a position; undefined for the format of a version that kept stdout and stderr apart (`[[1,2]]`). */
export function parsePosition(position: Position): Place | undefined {
  if (position === '') return { step: 0, segment: 0, offset: 0 };
  if (position.startsWith('[')) return undefined;
  const [, step, segment, offset] = /^(\d+)\.(\d+)\.(\d+)$/.exec(position) ?? [];
  if (offset === undefined) throw new Error(`"${position}" is not a position of the process executor.`);
  return { step: Number(step), segment: Number(segment), offset: Number(offset) };
}

export const formatPosition = ({ step, segment, offset }: Place): Position => `${step}.${segment}.${offset}`;

/** Whether a segment lies completely before the place. */
export const liesBefore = (segment: Omit<Place, 'offset'>, { step, segment: number }: Place): boolean =>
  segment.step < step || (segment.step === step && segment.segment < number);

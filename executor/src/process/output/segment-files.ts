import { join } from 'node:path';
import type { Position } from '../../port.js';
import { stepFile } from '../attempt-folder.js';
import { namesIfThere, readIfThere } from '../small-files.js';

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

/** A part of a step's output. `supervisor.sh` says when the next one begins. */
export type Segment = Omit<Place, 'offset'>;

const segmentPattern = /^(\d+)\.out\.(\d+)$/;

export const isSegmentName = (name: string): boolean => segmentPattern.test(name);

export const segmentFile = (path: string, { step, segment }: Segment): string => join(path, `${step}.out.${segment}`);

/** The segments of all steps, unordered. */
export function listSegments(path: string): Segment[] {
  return namesIfThere(path).flatMap((name) => {
    const [, step, segment] = segmentPattern.exec(name) ?? [];
    return segment === undefined ? [] : [{ step: Number(step), segment: Number(segment) }];
  });
}

/** Where output could not be written, and the system's message; undefined if nothing was lost. */
export function readLoss(path: string, step: number): { after: number; why: string } | undefined {
  const [, after, why] = /^(\d+) ([^\n]*)\n/.exec(readIfThere(join(path, stepFile(step, 'lost'))) ?? '') ?? [];
  return after === undefined ? undefined : { after: Number(after), why: why || 'its writer was killed' };
}

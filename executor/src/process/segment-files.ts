import { join } from 'node:path';
import { stepFile } from './attempt-folder.js';
import type { Place } from './log-position.js';
import { namesIfThere, readIfThere } from './read-if-there.js';

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

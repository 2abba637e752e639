import type { Position } from '../port.js';

/** For each step, in order, how many bytes of its stdout and stderr were read. */
export type Offsets = [stdout: number, stderr: number][];

export function parsePosition(position: Position, stepCount: number): Offsets {
  const read: unknown = position === '' ? [] : JSON.parse(position);
  if (!Array.isArray(read)) throw new Error(`"${position}" is not a position of the process executor.`);
  return Array.from({ length: stepCount }, (_, index) => {
    const pair: unknown = read[index] ?? [0, 0];
    if (!Array.isArray(pair) || !pair.every(Number.isSafeInteger)) {
      throw new Error(`"${position}" is not a position of the process executor.`);
    }
    return [Number(pair[0]), Number(pair[1])];
  });
}

/** Steps that have not written anything yet are left out at the end. */
export function formatPosition(offsets: Offsets): Position {
  const last = offsets.findLastIndex(([stdout, stderr]) => stdout > 0 || stderr > 0);
  return JSON.stringify(offsets.slice(0, last + 1));
}

import type { Cursor } from '@chainr/core/model/records';

/** Orders two cursors as the stream does: negative if `a` comes before `b`. */
export function compareCursors(a: Cursor, b: Cursor): number {
  const [aTime = 0, aCount = 0] = a.split('-').map(Number);
  const [bTime = 0, bCount = 0] = b.split('-').map(Number);
  return aTime - bTime || aCount - bCount;
}

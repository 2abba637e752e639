import type { Cursor } from '@chainr/core/engine/records';
import { placeOf } from '@chainr/core/store/events/event-entries';

/** Orders two cursors as the stream does: negative if `a` comes before `b`. */
export function compareCursors(a: Cursor, b: Cursor): number {
  if (a === b) return 0;
  const [first, second] = [placeOf(a), placeOf(b)];
  const [aTime = 0, aCount = 0] = first.entry.split('-').map(Number);
  const [bTime = 0, bCount = 0] = second.entry.split('-').map(Number);
  // A cursor without an event index stands after the last event of its entry.
  return aTime - bTime || aCount - bCount || (first.events ?? Infinity) - (second.events ?? Infinity);
}

import type { ChainrEvent, Cursor } from '../../engine/records.js';
import { parseEvent } from './event-format.js';

/** An entry of the stream: its id, then field names and events alternating. */
export type Entry = [id: string, fields: string[]];

/** A position in the stream: after the first `events` events of an entry, or after all of them. */
export interface Place {
  entry: string;
  events?: number;
}

/**
 * The events of an entry, each with the cursor after it. The script writes the events of one call as one entry. The
 * cursor after its last event is the entry's id, after its n-th event `id.n`.
 */
export function eventsOf([id, fields]: Entry): ChainrEvent[] {
  const count = fields.length / 2;
  return Array.from({ length: count }, (_, at) =>
    parseEvent(at === count - 1 ? id : `${id}.${String(at + 1)}`, fields[at * 2 + 1] ?? ''),
  );
}

/** Ids alone are not enough: a Redis that replaced another may have given out the same id, if its clock was behind. */
export function isSameEntry([id, fields]: Entry, [otherId, others]: Entry): boolean {
  return id === otherId && fields.length === others.length && fields.every((field, at) => field === others[at]);
}

export function placeOf(cursor: Cursor): Place {
  const [entry = '', events] = cursor.split('.');
  return events === undefined ? { entry } : { entry, events: Number(events) };
}

import type { EventLine } from '@chainr/core/api/contract/event-resource';
import { isoTime } from '@chainr/core/api/contract/field-schemas';
import type { ChainrEvent, Cursor } from '@chainr/core/engine/records';

/** One line of an answer, with its newline, and the cursor after it. */
export interface Line {
  readonly cursor: Cursor;
  readonly text: string;
}

export function eventLine(event: ChainrEvent): Line {
  return toLine({ ...event, time: isoTime(event.time) });
}

/** Tells a client that it missed events: it must read the state anew and go on from this cursor. */
export function resyncLine(cursor: Cursor): Line {
  return toLine({ kind: 'resync', cursor });
}

function toLine(line: EventLine): Line {
  return { cursor: line.cursor, text: `${JSON.stringify(line)}\n` };
}

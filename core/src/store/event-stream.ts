import type { Redis } from 'ioredis';
import type { ChainrEvent, Cursor } from '../model/records.js';
import { eventsOf, placeOf, type Entry } from './event-entries.js';
import { keys } from './keys.js';
import { trimEvents, type EventRetention } from './trim-events.js';
import { unlessAborted } from './unless-aborted.js';
import { whileAvailable } from './while-available.js';

/** A cursor before the first event. */
export const beginning: Cursor = '0-0';

export { isCursor } from './event-entries.js';

export interface EventPage {
  events: ChainrEvent[];
  /** After the last of the events; where to read on. */
  cursor: Cursor;
  /** The cursor asked for is too old or newer than the end: read the state anew, then go on from `cursor`. */
  resync: boolean;
}

/** What a page begins with. */
const fewEntries = 16;
/** What a tail takes at once. */
const entriesAtOnce = 50;

/** The one event stream (invariant I6). */
export class EventStream {
  readonly #connection: Redis;
  readonly #connect: () => Redis;

  /** @param connect makes a connection for a reader that blocks. */
  constructor(connection: Redis, connect: () => Redis) {
    this.#connection = connection;
    this.#connect = connect;
  }

  /** Events after a cursor, oldest first; undefined: from the oldest kept. */
  async readEvents(after: Cursor | undefined, limit: number): Promise<EventPage> {
    return whileAvailable(async () => {
      const from = after ?? beginning;
      const rest = from === beginning ? [] : await this.#restOfEntry(from);
      if (!rest) return { events: [], cursor: await this.lastCursor(), resync: true };
      const events = (await this.#readOn(placeOf(from).entry, rest, limit)).slice(0, limit);
      return { events, cursor: events.at(-1)?.cursor ?? from, resync: false };
    });
  }

  /** Removes old events (rule R18). @returns how many entries of the stream went. */
  trim(retention: EventRetention, signal: AbortSignal): Promise<number> {
    return whileAvailable(() => trimEvents(this.#connection, retention, signal));
  }

  /** The cursor of the newest event. */
  async lastCursor(): Promise<Cursor> {
    return whileAvailable(async () => {
      const [last] = (await this.#connection.xrevrange(keys.events, '+', '-', 'COUNT', 1)) as Entry[];
      return last?.[0] ?? beginning;
    });
  }

  /** Calls back with what comes after a cursor, as it comes, until aborted; waits while Redis is away. */
  async tail(
    after: Cursor,
    onEvents: (events: ChainrEvent[], cursor: Cursor) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const connection = this.#connect();
    const close = () => {
      connection.disconnect();
    };
    signal.addEventListener('abort', close);
    let { entry } = placeOf(after);
    try {
      const rest = entry === after ? [] : ((await this.#restOfEntry(after)) ?? []);
      if (rest.length > 0) onEvents(rest, entry);
      while (!signal.aborted) {
        const reading = connection.xread('COUNT', entriesAtOnce, 'BLOCK', 5_000, 'STREAMS', keys.events, entry);
        const reply = await unlessAborted(reading, signal);
        const entries = (reply?.[0]?.[1] ?? []) as Entry[];
        const last = entries.at(-1);
        if (!last) continue;
        entry = last[0];
        onEvents(entries.flatMap(eventsOf), entry);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', close);
      // Twice would leave a timer of two seconds, which keeps the process.
      if (!signal.aborted) connection.disconnect();
    }
  }

  /** An entry holds one event or a hundred: more and more of them are read until there are enough events. */
  async #readOn(from: string, first: readonly ChainrEvent[], limit: number): Promise<ChainrEvent[]> {
    const events = [...first];
    let entry = from;
    for (let count = fewEntries; events.length < limit; count *= 2) {
      const entries = (await this.#connection.xrange(keys.events, `(${entry}`, '+', 'COUNT', count)) as Entry[];
      for (const each of entries) events.push(...eventsOf(each));
      if (entries.length < count) break;
      entry = entries.at(-1)?.[0] ?? entry;
    }
    return events;
  }

  /**
   * What comes after a cursor in its own entry. Undefined when there is no such entry: it was
   * trimmed, or the cursor is of another Redis.
   */
  async #restOfEntry(cursor: Cursor): Promise<ChainrEvent[] | undefined> {
    const { entry, events } = placeOf(cursor);
    const [found] = (await this.#connection.xrange(keys.events, entry, entry)) as Entry[];
    if (!found) return undefined;
    return events === undefined ? [] : eventsOf(found).slice(events);
  }
}

import type { Redis } from 'ioredis';
import type { ChainrEvent, Cursor } from '../model/records.js';
import { keys } from './keys.js';
import { parseEvent } from './event-format.js';
import { whileAvailable } from './while-available.js';

/** A cursor before the first event. */
export const beginning: Cursor = '0-0';

/** Whether a text can be a cursor at all. */
export const isCursor = (text: string): boolean => /^\d{1,16}-\d{1,16}$/.test(text);

export interface EventPage {
  events: ChainrEvent[];
  /** After the last of the events; where to read on. */
  cursor: Cursor;
  /** The cursor asked for is too old or newer than the end: read the state anew, then go on from `cursor`. */
  resync: boolean;
}

type Entry = [id: string, fields: string[]];

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
      if (from !== beginning && !(await this.#isKept(from))) {
        return { events: [], cursor: await this.lastCursor(), resync: true };
      }
      const entries = (await this.#connection.xrange(keys.events, `(${from}`, '+', 'COUNT', limit)) as Entry[];
      return { events: entries.map(toEvent), cursor: entries.at(-1)?.[0] ?? from, resync: false };
    });
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
    let cursor = after;
    try {
      while (!signal.aborted) {
        const reply = await connection.xread('COUNT', 500, 'BLOCK', 5_000, 'STREAMS', keys.events, cursor);
        const entries = (reply?.[0]?.[1] ?? []) as Entry[];
        const last = entries.at(-1);
        if (!last) continue;
        cursor = last[0];
        onEvents(entries.map(toEvent), cursor);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', close);
      // Twice would leave a timer of two seconds, which keeps the process.
      if (!signal.aborted) connection.disconnect();
    }
  }

  /** Cursors are ids of events: one that is not in the stream was trimmed, or is of another Redis. */
  async #isKept(cursor: Cursor): Promise<boolean> {
    const found = (await this.#connection.xrange(keys.events, cursor, cursor)) as Entry[];
    return found.length > 0;
  }
}

const toEvent = ([id, fields]: Entry): ChainrEvent => parseEvent(id, fields[1] ?? '');

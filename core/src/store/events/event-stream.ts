import type { Redis } from 'ioredis';
import type { ChainrEvent, Cursor } from '../../engine/records.js';
import { setTimeout as pause } from 'node:timers/promises';
import { untilReady } from '../redis/connection.js';
import { StoreUnavailable } from '../redis/errors.js';
import { eventsOf, isSameEntry, placeOf, type Entry } from './event-entries.js';
import { keys } from '../redis/keys.js';
import { repliesOf } from '../redis/replies-of.js';
import { trimEvents, type EventRetention } from './trim-events.js';
import { unlessAborted } from '../redis/unless-aborted.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';

/** A cursor before the first event. */
export const beginning: Cursor = '0-0';

export interface EventPage {
  events: ChainrEvent[];
  /** The cursor after the last event, to read on from. */
  cursor: Cursor;
  /** The requested cursor is too old, or newer than the end: read the state anew, then go on from `cursor`. */
  resync: boolean;
}

/** Receives what a tail reads. */
export interface EventListener {
  /**
   * Events after the last cursor, and the cursor to go on from. Also called without events when the tail has found its
   * position.
   */
  onEvents: (events: ChainrEvent[], cursor: Cursor) => void;
  /** Redis went away. Until the next `onEvents` nobody knows whether it kept the reported events. */
  onBroken?: () => void;
  /** Redis lost or removed the last reported entry. The tail starts again at this cursor. */
  onLost?: (cursor: Cursor) => void;
}

/** The first batch of a page, in entries. */
const fewEntries = 16;
/** The batch of a tail, in entries. */
const entriesAtOnce = 50;
/** How long a tail blocks for the next entry before it checks that its last one still exists. */
const blocksMs = 2_000;
/** How long a tail waits before it asks again after Redis refused. */
const askAgainMs = 100;

/** The one event stream (see Gapless events). */
export class EventStream {
  readonly #connection: Redis;
  readonly #connect: (blocksMs: number) => Redis;

  /** @param connect creates a connection for a reader that blocks for this long */
  constructor(connection: Redis, connect: (blocksMs: number) => Redis) {
    this.#connection = connection;
    this.#connect = connect;
  }

  /** Events after a cursor, oldest first; undefined: from the oldest one kept. */
  async readEvents(after: Cursor | undefined, limit: number): Promise<EventPage> {
    return translateRedisErrors(async () => {
      const from = after ?? beginning;
      const rest = from === beginning ? [] : await this.#restOfEntry(from);
      if (!rest) return { events: [], cursor: await this.lastCursor(), resync: true };
      const events = (await this.#readOn(placeOf(from).entry, rest, limit)).slice(0, limit);
      return { events, cursor: events.at(-1)?.cursor ?? from, resync: false };
    });
  }

  /**
   * Removes old events (see Event stream).
   * @returns how many stream entries were removed
   */
  trim(retention: EventRetention, signal: AbortSignal): Promise<number> {
    return translateRedisErrors(() => trimEvents(this.#connection, retention, signal));
  }

  /** The cursor of the newest event. */
  async lastCursor(): Promise<Cursor> {
    return translateRedisErrors(() => lastEntry(this.#connection));
  }

  /** Whether the entry of a cursor still exists. */
  async stands(cursor: Cursor): Promise<boolean> {
    const { entry } = placeOf(cursor);
    return translateRedisErrors(
      async () => entry === beginning || (await readEntry(this.#connection, entry)) !== undefined,
    );
  }

  /**
   * Reports what comes after a cursor, as it comes, until aborted. Waits while Redis is away.
   * A Redis that was killed or replaced may have lost its newest entries and continues without them (see Rollback). So
   * each read also checks, on the same connection and in the same pipeline, that the last reported entry is unchanged.
   * Nothing behind a lost entry is ever reported as its successor.
   */
  async tail(after: Cursor, listener: EventListener, signal: AbortSignal): Promise<void> {
    const connection = this.#connect(blocksMs);
    const close = () => {
      connection.disconnect();
    };
    signal.addEventListener('abort', close);
    const isAborted = (): boolean => signal.aborted;
    let cursor = after;
    const onEvents: EventListener['onEvents'] = (events, to) => {
      if (signal.aborted) return; // A reply may still have been on its way.
      cursor = to;
      listener.onEvents(events, to);
    };
    try {
      while (!signal.aborted) {
        try {
          await untilReady(connection, signal);
          await tailUntilLost(connection, cursor, onEvents, signal);
          cursor = await translateRedisErrors(() => unlessAborted(lastEntry(connection), signal));
          listener.onLost?.(cursor);
        } catch (error) {
          if (isAborted()) return;
          if (!(error instanceof StoreUnavailable)) throw error;
          listener.onBroken?.();
          await pause(askAgainMs, undefined, { signal }).catch(() => undefined); // Only an abort ends it early.
        }
      }
    } finally {
      signal.removeEventListener('abort', close);
      // A second disconnect would leave a timer of two seconds that keeps the process alive.
      if (!signal.aborted) connection.disconnect();
    }
  }

  /** An entry holds one event or a hundred, so ever larger batches are read until there are enough events. */
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
   * The rest of the cursor's own entry. Undefined if the entry does not exist: it was trimmed, or the cursor is from
   * another Redis.
   */
  async #restOfEntry(cursor: Cursor): Promise<ChainrEvent[] | undefined> {
    const { entry, events } = placeOf(cursor);
    const found = await readEntry(this.#connection, entry);
    if (!found) return undefined;
    return events === undefined ? [] : eventsOf(found).slice(events);
  }
}

async function readEntry(connection: Redis, id: string): Promise<Entry | undefined> {
  const [found] = (await connection.xrange(keys.events, id, id)) as Entry[];
  return found;
}

async function lastEntry(connection: Redis): Promise<string> {
  const [last] = (await connection.xrevrange(keys.events, '+', '-', 'COUNT', 1)) as Entry[];
  return last?.[0] ?? beginning;
}

/** Reports what comes after a cursor. Resolves when the last reported entry does not exist any more. */
async function tailUntilLost(
  connection: Redis,
  after: Cursor,
  onEvents: EventListener['onEvents'],
  signal: AbortSignal,
): Promise<void> {
  let { entry } = placeOf(after);
  const { events: told } = placeOf(after);
  let known = entry === beginning ? undefined : await translateRedisErrors(() => readEntry(connection, entry));
  if (entry !== beginning && !known) return;
  onEvents(known && told !== undefined ? eventsOf(known).slice(told) : [], entry);
  while (!signal.aborted) {
    const pipeline = connection
      .pipeline()
      .xread('COUNT', entriesAtOnce, 'BLOCK', blocksMs, 'STREAMS', keys.events, entry)
      .xrange(keys.events, entry, entry);
    const [read, [standing]] = (await translateRedisErrors(() => unlessAborted(repliesOf(pipeline), signal))) as [
      [key: string, entries: Entry[]][] | null,
      Entry[],
    ];
    if (known && !(standing && isSameEntry(standing, known))) return;
    const entries = read?.[0]?.[1] ?? [];
    const last = entries.at(-1);
    if (!last) continue;
    known = last;
    [entry] = last;
    onEvents(entries.flatMap(eventsOf), entry);
  }
}

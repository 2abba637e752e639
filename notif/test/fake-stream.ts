import { setImmediate as turn } from 'node:timers/promises';
import type { ChainrEvent, Cursor } from '@chainr/core/engine/records';
import type { EventListener, EventPage } from '@chainr/core/store/events/event-stream';
import type { EventReader } from '../src/event-reader.js';

/** An event stream in memory. Each call takes a few turns of the event loop, as with a network. */
export class FakeStream implements EventReader {
  events: ChainrEvent[] = [];
  #count = 0;
  #failure: Error | undefined;

  /** Adds one event and returns its cursor. */
  append(): Cursor {
    this.#count += 1;
    const cursor = `${1_000_000 + Math.floor(this.#count / 3)}-${this.#count % 3}`;
    this.events.push({ kind: 'run.status', cursor, time: 0, run: `run-${this.#count}`, status: 'RUNNING' });
    return cursor;
  }

  /** Makes the current or the next read of the tail fail once. */
  failTail(error: Error): void {
    this.#failure = error;
  }

  async readEvents(after: Cursor | undefined, limit: number): Promise<EventPage> {
    await turn();
    const at =
      after === undefined || after === '0-0' ? 0 : this.events.findIndex((event) => event.cursor === after) + 1;
    if (at === 0 && after !== undefined && after !== '0-0') return { events: [], cursor: this.#last(), resync: true };
    const events = this.events.slice(at, at + limit);
    await turn();
    return { events, cursor: events.at(-1)?.cursor ?? after ?? '0-0', resync: false };
  }

  async lastCursor(): Promise<Cursor> {
    await turn();
    return this.#last();
  }

  async stands(cursor: Cursor): Promise<boolean> {
    await turn();
    return this.#has(cursor);
  }

  async tail(after: Cursor, { onEvents, onLost }: EventListener, signal: AbortSignal): Promise<void> {
    let cursor = after;
    const stopped = (): boolean => signal.aborted;
    onEvents([], cursor);
    while (!stopped()) {
      await turn();
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure) throw failure;
      const events = this.events.filter((event) => order(event.cursor) > order(cursor)).slice(0, 7);
      const stands = this.#has(cursor);
      const last = events.at(-1);
      await turn();
      if (stopped()) return;
      if (!stands) onLost?.((cursor = this.#last()));
      else if (last) onEvents(events, (cursor = last.cursor));
    }
  }

  #has(cursor: Cursor): boolean {
    return cursor === '0-0' || this.events.some((event) => event.cursor === cursor);
  }

  #last(): Cursor {
    return this.events.at(-1)?.cursor ?? '0-0';
  }
}

function order(cursor: Cursor): number {
  const [time = 0, count = 0] = cursor.split('-').map(Number);
  return time * 10 + count;
}

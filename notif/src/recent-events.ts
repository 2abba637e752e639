import type { Cursor } from '@chainr/core/engine/records';
import { compareCursors } from './compare-cursors.js';
import type { Line } from './event-line.js';

/**
 * The newest events of the stream without a gap: everything after `from` that the tail has seen. Every client that
 * keeps up shares them; others read from the store.
 */
export class RecentEvents {
  readonly #capacity: number;
  #from: Cursor | undefined;
  #lines: Line[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Drops everything and starts again after a cursor. */
  reset(from: Cursor): void {
    this.#from = from;
    this.#lines = [];
  }

  /** Appends the events that follow the newest. */
  append(lines: readonly Line[]): void {
    this.#lines.push(...lines);
    // Cut rarely and in large pieces, since each cut moves everything that stays.
    if (this.#lines.length <= 2 * this.#capacity) return;
    const dropped = this.#lines.splice(0, this.#lines.length - this.#capacity);
    this.#from = dropped.at(-1)?.cursor;
  }

  /**
   * At most `limit` lines after a cursor, oldest first; undefined if the cursor is so old that some of them may be
   * missing here.
   */
  after(cursor: Cursor, limit: number): readonly Line[] | undefined {
    if (this.#from === undefined || compareCursors(cursor, this.#from) < 0) return undefined;
    const start = this.#indexAfter(cursor);
    return this.#lines.slice(start, start + limit);
  }

  #indexAfter(cursor: Cursor): number {
    let low = 0;
    let high = this.#lines.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const line = this.#lines[middle];
      if (line && compareCursors(line.cursor, cursor) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

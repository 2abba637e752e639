import type { Redis } from 'ioredis';
import type { RunUid } from '../../engine/records.js';
import { repliesOf } from '../redis/replies-of.js';

export interface ListedRun {
  uid: RunUid;
  sequence: number;
}

/** One sorted set, read from its highest sequence down. */
interface Reading {
  key: string;
  /** Read but not yet returned, highest first. */
  ahead: ListedRun[];
  /** The score below which to read on, as a Redis bound. */
  highest: string;
  ended: boolean;
}

/** Fewer than this are not worth a command. */
const fewest = 16;

/** Merges several sorted sets of uids by creation sequence: newest first, each run once. */
export class MergedRuns {
  readonly #connection: Redis;
  readonly #readings: readonly Reading[];
  #last = Infinity;

  /** @param before a creation sequence; only runs below it */
  constructor(connection: Redis, keys: readonly string[], before: number) {
    this.#connection = connection;
    const highest = before === Infinity ? '+inf' : `(${String(before)}`;
    this.#readings = keys.map((key) => ({ key, ahead: [], highest, ended: false }));
  }

  /** The next runs; fewer than `count` only at the end. */
  async next(count: number): Promise<ListedRun[]> {
    const found: ListedRun[] = [];
    while (found.length < count) {
      await this.#readAhead(Math.max(fewest, Math.ceil((count - found.length) / Math.max(1, this.#readings.length))));
      const taken = this.#take(count - found.length);
      if (taken.length === 0) break;
      found.push(...taken);
    }
    return found;
  }

  /** Reads on every set that has nothing ahead, all in one round trip. */
  async #readAhead(count: number): Promise<void> {
    const empty = this.#readings.filter(({ ahead, ended }) => ahead.length === 0 && !ended);
    if (empty.length === 0) return;
    const pipeline = this.#connection.pipeline();
    for (const { key, highest } of empty)
      pipeline.zrange(key, highest, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, count, 'WITHSCORES');
    const pages = (await repliesOf(pipeline)) as string[][];
    empty.forEach((reading, at) => {
      const page = pages[at] ?? [];
      for (let place = 0; place < page.length; place += 2)
        reading.ahead.push({ uid: page[place] ?? '', sequence: Number(page[place + 1]) });
      const last = reading.ahead.at(-1);
      reading.ended = reading.ahead.length < count;
      if (last) reading.highest = `(${String(last.sequence)}`;
    });
  }

  /** The newest of the runs read ahead, as long as every set has some ahead or has ended. */
  #take(count: number): ListedRun[] {
    const taken: ListedRun[] = [];
    while (taken.length < count && this.#readings.every(({ ahead, ended }) => ahead.length > 0 || ended)) {
      let newest: Reading | undefined;
      for (const reading of this.#readings)
        if ((reading.ahead[0]?.sequence ?? -1) > (newest?.ahead[0]?.sequence ?? -1)) newest = reading;
      const run = newest?.ahead.shift();
      if (!run) break;
      // A run whose status changed meanwhile may be in two sets.
      if (run.sequence < this.#last) taken.push(run);
      this.#last = Math.min(this.#last, run.sequence);
    }
    return taken;
  }
}

import type { Redis } from 'ioredis';
import { StoreFull } from './errors.js';
import { keys } from './keys.js';
import { translateRedisErrors } from './translate-redis-errors.js';

/** From this share of its memory on, new runs are refused: what is under way must fit. */
const fullFrom = 0.8;
/** What the logs of all attempts may take of it. */
const logShare = 0.25;
/** How often that is asked of Redis, at most. */
const lookEveryMs = 1_000;

/** Full store: how much of the memory that Redis may use it uses, looked up once a second at most. */
export class StoreMemory {
  readonly #connection: Redis;
  #lookedAt = -Infinity;
  #usedShare: Promise<number> = Promise.resolve(0);
  #logQuota: number | undefined;

  constructor(connection: Redis) {
    this.#connection = connection;
  }

  /** Whether there is no room for new runs. */
  async isFull(): Promise<boolean> {
    if (performance.now() - this.#lookedAt > lookEveryMs) {
      this.#lookedAt = performance.now();
      this.#usedShare = this.look();
      this.#usedShare.catch(() => (this.#lookedAt = -Infinity)); // Told to all who wait for it; the next one looks again.
    }
    return (await this.#usedShare) >= fullFrom;
  }

  /** Looks now, and tells the library how many bytes of logs there may be. @returns the share that is in use. */
  async look(): Promise<number> {
    const info = await translateRedisErrors(() => this.#connection.info('memory'));
    const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    // Without a limit of its own Redis is stopped by the machine's. Its buffers do not count against its limit.
    const limit = field('maxmemory') || field('total_system_memory');
    await this.#announceQuota(Math.floor(limit * logShare));
    return (field('used_memory') - field('mem_not_counted_for_evict')) / limit;
  }

  async #announceQuota(bytes: number): Promise<void> {
    if (bytes === this.#logQuota) return;
    try {
      await translateRedisErrors(() => this.#connection.hset(keys.counters, 'logQuota', bytes));
    } catch (error) {
      // In a full Redis the quota of before holds until there is room for another.
      if (error instanceof StoreFull) return;
      throw error;
    }
    this.#logQuota = bytes;
  }
}

import type { Redis } from 'ioredis';
import { StoreFull } from './errors.js';
import { keys } from './keys.js';
import { translateRedisErrors } from './translate-redis-errors.js';

/** New runs are refused above this share of Redis' memory: the rest is kept for work in progress. */
const fullFrom = 0.8;
/** The share of the memory that all logs together may take. */
const logShare = 0.25;
/** Redis is asked at most this often. */
const lookEveryMs = 1_000;

/** How much of its memory Redis uses (see Full store), looked up at most once a second. */
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
      this.#usedShare.catch(() => (this.#lookedAt = -Infinity)); // Callers that wait get the error.
    }
    return (await this.#usedShare) >= fullFrom;
  }

  /**
   * Looks now, and tells the library how many bytes of logs are allowed.
   * @returns the share of the memory in use
   */
  async look(): Promise<number> {
    const info = await translateRedisErrors(() => this.#connection.info('memory'));
    const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    // Without a limit of its own, Redis is limited by the machine. Its buffers do not count against its limit.
    const limit = field('maxmemory') || field('total_system_memory');
    await this.#announceQuota(Math.floor(limit * logShare));
    return (field('used_memory') - field('mem_not_counted_for_evict')) / limit;
  }

  async #announceQuota(bytes: number): Promise<void> {
    if (bytes === this.#logQuota) return;
    try {
      await translateRedisErrors(() => this.#connection.hset(keys.counters, 'logQuota', bytes));
    } catch (error) {
      // In a full Redis the previous quota stays until there is room to write.
      if (error instanceof StoreFull) return;
      throw error;
    }
    this.#logQuota = bytes;
  }
}

import type { Redis } from 'ioredis';
import { keys, prefix } from '../redis/keys.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';
import { bundleMax, dropPoolScript } from '../script/library.js';

/** The pools: sets of workers with a queue of their own (see Pools). */
export class Pools {
  readonly #connection: Redis;

  constructor(connection: Redis) {
    this.#connection = connection;
  }

  /** The pools in which runs have had jobs, and which were not dropped since, by name. */
  async list(): Promise<string[]> {
    return (await translateRedisErrors(() => this.#connection.smembers(keys.pools))).sort();
  }

  /** Those in which unfinished runs have jobs, by name. */
  async listLive(): Promise<string[]> {
    const pools = await this.list();
    const counts = await translateRedisErrors(() =>
      Promise.all(pools.map((pool) => this.#connection.zcard(keys.liveIn(pool)))),
    );
    return pools.filter((_, at) => (counts[at] ?? 0) > 0);
  }

  /**
   * Sizes messages for this capacity of a worker. They should be small beside it, so that one worker does not hoard ids
   * that others could run.
   */
  async announceCapacity(pool: string, capacity: number): Promise<void> {
    const size = Math.max(1, Math.min(bundleMax, Math.ceil(capacity / 8)));
    await translateRedisErrors(async () => {
      // A worker must be able to start on a full Redis (see Full store), so nothing is written that is there already.
      if ((await this.#connection.hget(keys.bundles, pool)) !== String(size))
        await this.#connection.hset(keys.bundles, pool, size);
    });
  }

  /** Forgets a pool, unless an unfinished run has jobs in it or a mark stands there. @returns whether it is forgotten */
  async drop(pool: string): Promise<boolean> {
    const dropped = await translateRedisErrors(() => this.#connection.eval(dropPoolScript, 1, prefix, pool));
    return dropped === 1;
  }
}

import type { Redis } from 'ioredis';
import { codeOfExecutorKind, type ExecutorKind } from '../../engine/records.js';
import { keys } from '../redis/keys.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';
import { bundleMax } from '../script/library.js';

export interface KnownExecutor {
  id: string;
  number: number;
  /** By the time of Redis; 0: never. */
  seenAt: number;
}

/** The executors that workers have registered. */
export class Executors {
  readonly #connection: Redis;

  constructor(connection: Redis) {
    this.#connection = connection;
  }

  /** The permanent number of an executor id in rows and keys. */
  async register(id: string): Promise<number> {
    return translateRedisErrors(async () => {
      const known = await this.#connection.hget(keys.executors, id);
      if (known !== null) return Number(known);
      const next = await this.#connection.hincrby(keys.counters, 'executor', 1);
      await this.#connection.hsetnx(keys.executors, id, next);
      return Number(await this.#connection.hget(keys.executors, id));
    });
  }

  /**
   * Sizes messages for this capacity. They should be small beside it, so that one worker does not hoard ids that others
   * could run.
   */
  async announceCapacity(kind: ExecutorKind, capacity: number): Promise<void> {
    const size = Math.max(1, Math.min(bundleMax, Math.ceil(capacity / 8)));
    const field = String(codeOfExecutorKind(kind));
    await translateRedisErrors(async () => {
      // A worker must be able to start on a full Redis (see Full store), so nothing is written that is there already.
      if ((await this.#connection.hget(keys.bundles, field)) !== String(size))
        await this.#connection.hset(keys.bundles, field, size);
    });
  }

  /** The executors that have leases or had a worker, with the last renewal of each. */
  async list(): Promise<KnownExecutor[]> {
    return translateRedisErrors(async () => {
      const [numbers, seen] = await Promise.all([
        this.#connection.hgetall(keys.executors),
        this.#connection.hgetall(keys.seen),
      ]);
      return Object.entries(numbers).map(([id, number]) => ({
        id,
        number: Number(number),
        seenAt: Number(seen[number] ?? 0),
      }));
    });
  }
}

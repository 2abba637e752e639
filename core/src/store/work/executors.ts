import type { Redis } from 'ioredis';
import { keys } from '../redis/keys.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';

/** An executor in a pool: adoption and the loss of hosts are matters of both (see Where attempts run). */
export interface KnownExecutor {
  id: string;
  pool: string;
  /** Of the id and the pool together. */
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

  /** The permanent number of an executor id in a pool, in rows and keys. */
  async register(id: string, pool: string): Promise<number> {
    return translateRedisErrors(async () => {
      const field = `${pool} ${id}`;
      const known = await this.#connection.hget(keys.executors, field);
      if (known !== null) return Number(known);
      const next = await this.#connection.hincrby(keys.counters, 'executor', 1);
      await this.#connection.hsetnx(keys.executors, field, next);
      return Number(await this.#connection.hget(keys.executors, field));
    });
  }

  /** The numbers of an executor id in all pools. */
  async numbersOf(id: string): Promise<number[]> {
    return (await this.list()).filter((each) => each.id === id).map(({ number }) => number);
  }

  /** The executors that have leases or had a worker, with the last renewal of each. */
  async list(): Promise<KnownExecutor[]> {
    return translateRedisErrors(async () => {
      const [numbers, seen] = await Promise.all([
        this.#connection.hgetall(keys.executors),
        this.#connection.hgetall(keys.seen),
      ]);
      return Object.entries(numbers).map(([field, number]) => ({
        ...parseExecutorField(field),
        number: Number(number),
        seenAt: Number(seen[number] ?? 0),
      }));
    });
  }
}

/** A field of `executors`: pool and id. */
export function parseExecutorField(field: string): { pool: string; id: string } {
  const space = field.indexOf(' ');
  return { pool: field.slice(0, space), id: field.slice(space + 1) };
}

import type { Redis } from 'ioredis';
import type { ExecutorKind } from '../../engine/records.js';
import { keys } from '../redis/keys.js';
import { repliesOf } from '../redis/replies-of.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';

/** What a worker announces about itself. */
export interface WorkerCard {
  /** A random id for the life of the process. It is not secret, unlike the owner token of its leases. */
  id: string;
  host: string;
  /** The workers of a pool have one executor kind. */
  pool: string;
  executor: ExecutorKind;
  executorId: string;
  /** How many attempts it takes at once. */
  capacity: number;
  /** How many attempts it holds. */
  running: number;
}

export interface KnownWorker extends WorkerCard {
  draining: boolean;
  /** When it last announced itself, in ms since 1970 by the clock of Redis. */
  seenAt: number;
}

/** A worker that was not seen for so long counts as gone. */
const goneMs = 30_000;
/** After this time a gone worker is forgotten, with its drain. */
const forgottenMs = 3_600_000;

/** The known workers, which of them are drained, and whether the instance is paused. */
export class WorkerRegistry {
  readonly #connection: Redis;
  readonly #now: () => Promise<number>;

  constructor(connection: Redis, now: () => Promise<number>) {
    this.#connection = connection;
    this.#now = now;
  }

  /** @returns whether the worker must take nothing new: it is drained, or everything is paused */
  async show(card: WorkerCard): Promise<{ draining: boolean }> {
    return translateRedisErrors(async () => {
      const seenAt = await this.#now();
      const pipeline = this.#connection.pipeline();
      pipeline.hset(keys.workers, card.id, JSON.stringify({ ...card, seenAt }));
      pipeline.sismember(keys.drains, card.id);
      pipeline.exists(keys.paused);
      const [, drained, paused] = await repliesOf(pipeline);
      return { draining: drained === 1 || paused === 1 };
    });
  }

  async forget(id: string): Promise<void> {
    await translateRedisErrors(() =>
      Promise.all([this.#connection.hdel(keys.workers, id), this.#connection.srem(keys.drains, id)]),
    );
  }

  /** The workers that are present, by host and id. */
  async list(): Promise<KnownWorker[]> {
    return translateRedisErrors(async () => {
      const [cards, drained, now] = await Promise.all([
        this.#connection.hgetall(keys.workers),
        this.#connection.smembers(keys.drains),
        this.#now(),
      ]);
      const known = Object.values(cards).map((card) => JSON.parse(card) as Omit<KnownWorker, 'draining'>);
      const forgotten = known.filter(({ seenAt }) => now - seenAt > forgottenMs).map(({ id }) => id);
      for (const id of forgotten) await this.forget(id);
      return known
        .filter(({ seenAt }) => now - seenAt <= goneMs)
        .map((card) => ({ ...card, draining: drained.includes(card.id) }))
        .sort((one, other) => `${one.host} ${one.id}`.localeCompare(`${other.host} ${other.id}`));
    });
  }

  /** Makes a worker take nothing new from its next announcement on, or take work again. */
  async drain(id: string, draining: boolean): Promise<void> {
    await translateRedisErrors(() =>
      draining ? this.#connection.sadd(keys.drains, id) : this.#connection.srem(keys.drains, id),
    );
  }

  /** While an instance is paused every claim is refused. Workers that know it make none. */
  async pause(paused: boolean): Promise<void> {
    await translateRedisErrors(async () => {
      if (paused) await this.#connection.set(keys.paused, '1');
      else await this.#connection.del(keys.paused);
    });
  }

  async isPaused(): Promise<boolean> {
    return translateRedisErrors(async () => (await this.#connection.exists(keys.paused)) === 1);
  }
}

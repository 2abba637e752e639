import type { Redis } from 'ioredis';
import type { RunUid } from '../../engine/records.js';
import { keys } from '../redis/keys.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';

export interface EndedRun {
  uid: RunUid;
  /** Milliseconds since 1970. */
  endedAt: number;
}

/** Runs that a sweep has to do with. */
export class RunsToSweep {
  readonly #connection: Redis;

  constructor(connection: Redis) {
    this.#connection = connection;
  }

  /** How many runs are not final. */
  async countLive(): Promise<number> {
    return translateRedisErrors(() => this.#connection.zcard(keys.live));
  }

  /** Runs with edges that have been unresolved since before a time, oldest first. */
  async listUnresolved({ before, limit }: { before: number; limit: number }): Promise<RunUid[]> {
    return translateRedisErrors(() =>
      this.#connection.zrange(keys.chunks, 0, String(before), 'BYSCORE', 'LIMIT', 0, limit),
    );
  }

  /** Runs that were hidden before a time and are not yet removed, oldest first (see Deletion). */
  async listHidden({ before, limit }: { before: number; limit: number }): Promise<RunUid[]> {
    return translateRedisErrors(() =>
      this.#connection.zrange(keys.deletions, 0, String(before), 'BYSCORE', 'LIMIT', 0, limit),
    );
  }

  /** Final runs that ended from `from` to `until`, oldest first, without the first `skip`. */
  async listEnded({
    from = 0,
    until,
    skip = 0,
    limit,
  }: {
    from?: number;
    until: number;
    skip?: number;
    limit: number;
  }): Promise<EndedRun[]> {
    const range = [keys.ended, from, String(until), 'BYSCORE', 'LIMIT', skip, limit, 'WITHSCORES'] as const;
    const found = await translateRedisErrors(() => this.#connection.zrange(...range));
    return Array.from({ length: found.length / 2 }, (_, at) => ({
      uid: found[at * 2] ?? '',
      endedAt: Number(found[at * 2 + 1]),
    }));
  }
}

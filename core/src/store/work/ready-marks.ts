import type { Redis } from 'ioredis';
import { formatAttemptId, keys, parseAttemptId } from '../redis/keys.js';
import { repliesOf } from '../redis/replies-of.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';
import { unpackRow } from '../script/layout.js';

/** An id that was handed out and not yet claimed (see Ready marks). */
export interface ReadyMark {
  /** `uid.index.attempt` */
  id: string;
  /** The message that carries the id; absent if the id does not wait any more. */
  message?: number;
  /** When it was handed out, in milliseconds since 1970. */
  markedAt: number;
}

/** How much waits in the queue of a pool. */
export interface QueueDepth {
  pool: string;
  jobs: number;
  /** When the job that was handed out first became ready, in milliseconds since 1970; absent if none waits. */
  oldestAt?: number;
}

/** Ids that were handed out and not claimed (see Ready marks). */
export class ReadyMarks {
  readonly #connection: Redis;

  constructor(connection: Redis) {
    this.#connection = connection;
  }

  /** `uid.index.attempt` of ids handed out before a time and not claimed, oldest first. */
  async list(pool: string, { before, limit }: { before: number; limit: number }): Promise<string[]> {
    return translateRedisErrors(() =>
      this.#connection.zrange(keys.marks(pool), 0, String(before), 'BYSCORE', 'LIMIT', 0, limit),
    );
  }

  /** How much waits in each of these pools. */
  async depths(pools: readonly string[]): Promise<QueueDepth[]> {
    return translateRedisErrors(async () => {
      const pipeline = this.#connection.pipeline();
      for (const pool of pools) pipeline.zcard(keys.marks(pool)).zrange(keys.marks(pool), 0, '0');
      const replies = (await repliesOf(pipeline)) as (number | string[])[];
      const rows = this.#connection.pipeline();
      const oldest = pools.map((_, at) => (replies[at * 2 + 1] as string[])[0]);
      for (const { run, index } of oldest.flatMap((id) => (id === undefined ? [] : [parseAttemptId(id)])))
        rows.hgetBuffer(keys.run(run), String(index));
      const found = await repliesOf(rows);
      return pools.map((pool, at) => {
        const jobs = Number(replies[at * 2]);
        const row = oldest[at] === undefined ? undefined : found.shift();
        const oldestAt = Buffer.isBuffer(row) ? unpackRow(row).section?.phases.queuedAt : undefined;
        return { pool, jobs, ...(oldestAt !== undefined && { oldestAt }) };
      });
    });
  }

  /** As `list`, with the messages; without the oldest `skip`. */
  async listWithMessages(
    pool: string,
    { before, skip, limit }: { before: number; skip: number; limit: number },
  ): Promise<ReadyMark[]> {
    return translateRedisErrors(async () => {
      const key = keys.marks(pool);
      const scored = await this.#connection.zrange(
        key,
        0,
        String(before),
        'BYSCORE',
        'LIMIT',
        skip,
        limit,
        'WITHSCORES',
      );
      const ids = scored.filter((_, place) => place % 2 === 0).map(parseAttemptId);
      const pipeline = this.#connection.pipeline();
      for (const { run, index } of ids) pipeline.hgetBuffer(keys.run(run), String(index));
      const rows = await repliesOf(pipeline);
      return ids.map((id, place) => {
        const row = rows[place];
        const { status, section } = Buffer.isBuffer(row) ? unpackRow(row) : {};
        const waits = status === 'PENDING' && section?.attempt === id.attempt && section.message > 0;
        return {
          id: formatAttemptId(id),
          markedAt: Number(scored[place * 2 + 1]),
          ...(waits ? { message: section.message } : {}),
        };
      });
    });
  }
}

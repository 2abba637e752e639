import type { Redis } from 'ioredis';
import type { RunUid } from '../../engine/records.js';
import { formatAttemptId, keys, parseAttemptId, type AttemptId } from '../redis/keys.js';
import type { RedisClock } from '../redis/redis-clock.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';
import { unpackRow } from '../script/layout.js';

export interface DueRemoval extends AttemptId {
  /** Its number. */
  executor: number;
  /** Empty if the run was deleted. */
  job: string;
  overdueMs: number;
}

export type AttemptLookup =
  /** Redis does not know it. */
  | { kind: 'unknown' }
  /** It is closed. `closedAt` is known as long as no later attempt followed. */
  | { kind: 'over'; closedAt?: number }
  | { kind: 'open'; claimed: boolean };

/** What Redis knows of the processes and containers that an executor still has (see Tombstones). */
export class Remains {
  readonly #connection: Redis;
  readonly #clock: RedisClock;

  constructor(connection: Redis, clock: RedisClock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** The state of an attempt that an executor found under this name. */
  async lookUp(run: RunUid, index: number | undefined, attempt: number): Promise<AttemptLookup> {
    return translateRedisErrors(async () => {
      const row = index === undefined ? null : await this.#connection.hgetBuffer(keys.run(run), String(index));
      if (!row) return { kind: 'unknown' };
      const { section, status } = unpackRow(row);
      if (!section || section.attempt < attempt) return { kind: 'unknown' };
      if (section.attempt > attempt) return { kind: 'over' };
      const { closedAt } = section.phases;
      if (closedAt !== undefined) return { kind: 'over', closedAt };
      return { kind: 'open', claimed: status === 'RUNNING' };
    });
  }

  /** Ended attempts of an executor whose removal grace is over. */
  async listDue(executor: number, limit: number): Promise<DueRemoval[]> {
    return translateRedisErrors(async () => {
      const now = await this.#clock.now();
      const range = [keys.due(executor), 0, String(now), 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES'] as const;
      const found = await this.#connection.zrange(...range);
      const due: DueRemoval[] = [];
      for (let at = 0; at < found.length; at += 2) {
        const id = parseAttemptId(found[at] ?? '');
        const row = await this.#connection.hgetBuffer(keys.run(id.run), String(id.index));
        due.push({ ...id, executor, job: row ? unpackRow(row).name : '', overdueMs: now - Number(found[at + 1]) });
      }
      return due;
    });
  }

  /** Whether the remains of an attempt are due for removal, now or later. */
  async isDue(executor: number, id: AttemptId): Promise<boolean> {
    const score = await translateRedisErrors(() => this.#connection.zscore(keys.due(executor), formatAttemptId(id)));
    return score !== null;
  }

  async forgetDue(executor: number, id: AttemptId): Promise<void> {
    await translateRedisErrors(() => this.#connection.zrem(keys.due(executor), formatAttemptId(id)));
  }
}

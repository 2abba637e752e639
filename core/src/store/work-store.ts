import type { Redis } from 'ioredis';
import { executorKinds, type ExecutorKind, type RunUid } from '../model/records.js';
import { formatAttemptId, keys, parseAttemptId, parseLease, type AttemptId, type Lease } from './keys.js';
import { unpackRow } from './layout.js';
import { bundleMax } from './scripts.js';
import { repliesOf } from './replies-of.js';
import type { Transitions } from './transitions.js';
import { whileAvailable } from './while-available.js';

const page = 500;

export interface DueRemoval extends AttemptId {
  job: string;
}

/** What was handed out and is not claimed (rule R4). */
export interface ReadyMark {
  /** `uid.index.attempt` */
  id: string;
  /** The message that carries the id; absent when nothing waits under it any more. */
  message?: number;
  /** When it was handed out, in milliseconds since 1970. */
  markedAt: number;
}

/** What workers and sweeps read beside the transitions. */
export class WorkStore {
  readonly #connection: Redis;
  readonly #renewals: Transitions;

  /** @param renewals on a connection of their own. */
  constructor(connection: Redis, renewals: Transitions) {
    this.#connection = connection;
    this.#renewals = renewals;
  }

  /** @returns the leases that are lost. @throws StoreUnavailable after half a second without Redis. */
  renew(leases: readonly string[], ttlMs: number): Promise<string[]> {
    return this.#renewals.renew(leases, ttlMs);
  }

  /** The number that stands for an executor id in rows and keys; the same for ever. */
  async registerExecutor(id: string): Promise<number> {
    return whileAvailable(async () => {
      const known = await this.#connection.hget(keys.executors, id);
      if (known !== null) return Number(known);
      const next = await this.#connection.hincrby(keys.counters, 'executor', 1);
      await this.#connection.hsetnx(keys.executors, id, next);
      return Number(await this.#connection.hget(keys.executors, id));
    });
  }

  /** Messages should be small beside what a worker takes at once, lest one worker hoards what others could do. */
  async announceCapacity(kind: ExecutorKind, capacity: number): Promise<void> {
    const size = Math.max(1, Math.min(bundleMax, Math.ceil(capacity / 8)));
    await whileAvailable(() => this.#connection.hset(keys.bundles, String(executorKinds.indexOf(kind)), size));
  }

  /** The leases of one executor, in no order. */
  async listLeases(executor: number): Promise<Lease[]> {
    return whileAvailable(async () => {
      const leases: Lease[] = [];
      for (let from = 0; ; from += page) {
        const members = await this.#connection.zrange(keys.leases, from, String(from + page - 1));
        const found = members.map(parseLease);
        const pipeline = this.#connection.pipeline();
        for (const { run, index } of found) pipeline.hgetBuffer(keys.run(run), String(index));
        const rows = await repliesOf(pipeline);
        found.forEach((lease, at) => {
          const row = rows[at];
          const section = Buffer.isBuffer(row) ? unpackRow(row).section : undefined;
          if (section?.executor === executor && section.epoch === lease.epoch) leases.push(lease);
        });
        if (members.length < page) return leases;
      }
    });
  }

  /** `uid.index.attempt` of what was handed out before a time and is not claimed, oldest first. */
  async listMarks(kind: ExecutorKind, { before, limit }: { before: number; limit: number }): Promise<string[]> {
    return whileAvailable(() =>
      this.#connection.zrange(keys.marks(kind), 0, String(before), 'BYSCORE', 'LIMIT', 0, limit),
    );
  }

  /** As `listMarks`, with the messages; the oldest `skip` are left out. */
  async listReadyMarks(
    kind: ExecutorKind,
    { before, skip, limit }: { before: number; skip: number; limit: number },
  ): Promise<ReadyMark[]> {
    return whileAvailable(async () => {
      const key = keys.marks(kind);
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

  /** Runs whose edges are not yet resolved since before a time, oldest first. */
  async listChunks({ before, limit }: { before: number; limit: number }): Promise<RunUid[]> {
    return whileAvailable(() => this.#connection.zrange(keys.chunks, 0, String(before), 'BYSCORE', 'LIMIT', 0, limit));
  }

  /** The executor kinds that have a run which is not final. */
  async liveKinds(): Promise<ExecutorKind[]> {
    return whileAvailable(async () => {
      const counts = await Promise.all(executorKinds.map((kind) => this.#connection.zcard(keys.live(kind))));
      return executorKinds.filter((_, at) => (counts[at] ?? 0) > 0);
    });
  }

  /** Ended attempts of an executor whose removal grace is over. */
  async listDue(executor: number, limit: number): Promise<DueRemoval[]> {
    return whileAvailable(async () => {
      const now = await this.now();
      const ids = await this.#connection.zrange(keys.due(executor), 0, String(now), 'BYSCORE', 'LIMIT', 0, limit);
      const due: DueRemoval[] = [];
      for (const id of ids.map(parseAttemptId)) {
        const row = await this.#connection.hgetBuffer(keys.run(id.run), String(id.index));
        due.push({ ...id, job: row ? unpackRow(row).name : '' });
      }
      return due;
    });
  }

  async forgetDue(executor: number, id: AttemptId): Promise<void> {
    await whileAvailable(() => this.#connection.zrem(keys.due(executor), formatAttemptId(id)));
  }

  /** Milliseconds since 1970 as the scripts see it. */
  async now(): Promise<number> {
    const [[seconds, micros], offset] = await whileAvailable(() =>
      Promise.all([this.#connection.time(), this.#connection.get(keys.clock)]),
    );
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) + Number(offset ?? 0);
  }
}

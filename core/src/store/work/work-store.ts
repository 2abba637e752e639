import type { Redis } from 'ioredis';
import { codeOfExecutorKind, executorKinds, type ExecutorKind, type RunUid } from '../../engine/records.js';
import { formatAttemptId, keys, parseAttemptId, parseLease, type AttemptId, type Lease } from '../redis/keys.js';
import { unpackRow } from '../script/layout.js';
import { bundleMax } from '../script/library.js';
import type { RedisClock } from '../redis/redis-clock.js';
import { repliesOf } from '../redis/replies-of.js';
import type { Subscriptions, Subscription } from '../redis/subscriptions.js';
import type { Transitions } from '../script/transitions.js';
import type { Renewal } from '../script/transition-types.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';

export interface DueRemoval extends AttemptId {
  /** Empty if the run was deleted. */
  job: string;
  overdueMs: number;
}

/** An id that was handed out and not yet claimed (see Ready marks). */
export interface ReadyMark {
  /** `uid.index.attempt` */
  id: string;
  /** The message that carries the id; absent if the id does not wait any more. */
  message?: number;
  /** When it was handed out, in milliseconds since 1970. */
  markedAt: number;
}

export interface ExpiredLease {
  lease: Lease;
  /** Its end is recorded; only its log and its closing are left. */
  ended: boolean;
  /** 0 if the lease was released. */
  overdueMs: number;
}

export interface KnownExecutor {
  id: string;
  number: number;
  /** By the time of Redis; 0: never. */
  seenAt: number;
}

export interface EndedRun {
  uid: RunUid;
  /** Milliseconds since 1970. */
  endedAt: number;
}

export type AttemptLookup =
  /** Redis does not know it. */
  | { kind: 'unknown' }
  /** It is closed. `closedAt` is known as long as no later attempt followed. */
  | { kind: 'over'; closedAt?: number }
  | { kind: 'open'; claimed: boolean };

/** What workers and sweeps need beside the transitions. */
export class WorkStore {
  readonly #connection: Redis;
  readonly #clock: RedisClock;
  readonly #renewals: Transitions;
  readonly #subscriptions: Subscriptions;
  /** The last server seen: since when it has been up, and when it was seen, by `performance.now()`. */
  #server: { runId: string; upSince: number; seenAt: number } | undefined;

  /** @param renewals on a connection of their own */
  constructor(connection: Redis, clock: RedisClock, renewals: Transitions, subscriptions: Subscriptions) {
    this.#connection = connection;
    this.#clock = clock;
    this.#renewals = renewals;
    this.#subscriptions = subscriptions;
  }

  /** Signals that something of an executor must be stopped. The next renewal says what. */
  listenToStops(executor: number): Promise<Subscription> {
    return this.#subscriptions.listen(keys.stops(executor));
  }

  /** @throws StoreUnavailable after half a second without Redis */
  renew(executor: number, leases: readonly string[], ttlMs: number): Promise<Renewal> {
    return this.#renewals.renew(executor, leases, ttlMs);
  }

  /** The permanent number of an executor id in rows and keys. */
  async registerExecutor(id: string): Promise<number> {
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

  /** All leases of one executor. */
  async listLeases(executor: number): Promise<Lease[]> {
    const members = await translateRedisErrors(() => this.#connection.zrange(keys.leases(executor), 0, '-1'));
    return members.map(parseLease);
  }

  /**
   * Leases of one executor that expired or were released, with what is left to do for each; oldest first, without the
   * first `skip`.
   */
  async listExpiredLeases(executor: number, limit: number, skip = 0): Promise<ExpiredLease[]> {
    return translateRedisErrors(async () => {
      const now = await this.now();
      const range = [keys.leases(executor), 0, String(now), 'BYSCORE', 'LIMIT', skip, limit, 'WITHSCORES'] as const;
      const members = await this.#connection.zrange(...range);
      const leases = members.flatMap((member, at) => (at % 2 === 0 ? [parseLease(member)] : []));
      if (leases.length === 0) return [];
      const pipeline = this.#connection.pipeline();
      for (const { run, index } of leases) pipeline.hgetBuffer(keys.run(run), String(index));
      const rows = await repliesOf(pipeline);
      return leases.map((lease, at) => {
        const row = rows[at];
        const expiredAt = Number(members[at * 2 + 1]);
        const ended = Buffer.isBuffer(row) && unpackRow(row).status !== 'RUNNING';
        return { lease, ended, overdueMs: expiredAt === 0 ? 0 : now - expiredAt };
      });
    });
  }

  /** The executors that have leases or had a worker, with the last renewal of each. */
  async listExecutors(): Promise<KnownExecutor[]> {
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

  /** The state of an attempt that an executor found under this name. */
  async lookUpAttempt(run: RunUid, index: number | undefined, attempt: number): Promise<AttemptLookup> {
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

  /**
   * Which server this is, and how long it has been up: after a restart it may have lost its newest writes (see
   * Rollback). Its uptime comes from its clock, which may jump. So it is asked once per server, and limited by when
   * another server was last seen.
   */
  async serverLife(): Promise<{ runId: string; upMs: number }> {
    const info = await translateRedisErrors(() => this.#connection.info('server'));
    const field = (name: string) => new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)?.[1] ?? '';
    const runId = field('run_id');
    const seenAt = performance.now();
    const former = this.#server;
    const told = seenAt - Math.max(0, Number(field('uptime_in_seconds')) * 1000);
    const upSince = former?.runId === runId ? former.upSince : Math.max(told, former?.seenAt ?? -Infinity);
    this.#server = { runId, upSince, seenAt };
    return { runId, upMs: seenAt - upSince };
  }

  /** `uid.index.attempt` of ids handed out before a time and not claimed, oldest first. */
  async listMarks(kind: ExecutorKind, { before, limit }: { before: number; limit: number }): Promise<string[]> {
    return translateRedisErrors(() =>
      this.#connection.zrange(keys.marks(kind), 0, String(before), 'BYSCORE', 'LIMIT', 0, limit),
    );
  }

  /** As `listMarks`, with the messages; without the oldest `skip`. */
  async listReadyMarks(
    kind: ExecutorKind,
    { before, skip, limit }: { before: number; skip: number; limit: number },
  ): Promise<ReadyMark[]> {
    return translateRedisErrors(async () => {
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

  /** Runs with edges that have been unresolved since before a time, oldest first. */
  async listChunks({ before, limit }: { before: number; limit: number }): Promise<RunUid[]> {
    return translateRedisErrors(() =>
      this.#connection.zrange(keys.chunks, 0, String(before), 'BYSCORE', 'LIMIT', 0, limit),
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

  /** Runs that were hidden before a time and are not yet removed, oldest first (see Deletion). */
  async listDeletions({ before, limit }: { before: number; limit: number }): Promise<RunUid[]> {
    return translateRedisErrors(() =>
      this.#connection.zrange(keys.deletions, 0, String(before), 'BYSCORE', 'LIMIT', 0, limit),
    );
  }

  /** The executor kinds that have an unfinished run. */
  async liveKinds(): Promise<ExecutorKind[]> {
    return translateRedisErrors(async () => {
      const counts = await Promise.all(executorKinds.map((kind) => this.#connection.zcard(keys.live(kind))));
      return executorKinds.filter((_, at) => (counts[at] ?? 0) > 0);
    });
  }

  /** Ended attempts of an executor whose removal grace is over. */
  async listDue(executor: number, limit: number): Promise<DueRemoval[]> {
    return translateRedisErrors(async () => {
      const now = await this.now();
      const range = [keys.due(executor), 0, String(now), 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES'] as const;
      const found = await this.#connection.zrange(...range);
      const due: DueRemoval[] = [];
      for (let at = 0; at < found.length; at += 2) {
        const id = parseAttemptId(found[at] ?? '');
        const row = await this.#connection.hgetBuffer(keys.run(id.run), String(id.index));
        due.push({ ...id, job: row ? unpackRow(row).name : '', overdueMs: now - Number(found[at + 1]) });
      }
      return due;
    });
  }

  /** Whether the remains of an attempt are due for removal, now or later. */
  async isDue(executor: number, id: AttemptId): Promise<boolean> {
    const score = await translateRedisErrors(() => this.#connection.zscore(keys.due(executor), formatAttemptId(id)));
    return score !== null;
  }

  /**
   * Takes or keeps a turn: whether the caller does something that only one of many processes does. The turn is kept by
   * asking again in time.
   */
  async takeTurn(name: string, owner: string, forMs: number): Promise<boolean> {
    return translateRedisErrors(async () => {
      const key = keys.turn(name);
      if ((await this.#connection.set(key, owner, 'PX', forMs, 'NX')) === 'OK') return true;
      if ((await this.#connection.get(key)) !== owner) return false;
      await this.#connection.pexpire(key, forMs);
      return true;
    });
  }

  async forgetDue(executor: number, id: AttemptId): Promise<void> {
    await translateRedisErrors(() => this.#connection.zrem(keys.due(executor), formatAttemptId(id)));
  }

  /** Milliseconds since 1970, as the scripts see it. */
  async now(): Promise<number> {
    return translateRedisErrors(() => this.#clock.now());
  }
}

import type { Redis } from 'ioredis';
import { keys, parseLease, type Lease } from '../redis/keys.js';
import type { RedisClock } from '../redis/redis-clock.js';
import { repliesOf } from '../redis/replies-of.js';
import type { Subscription, Subscriptions } from '../redis/subscriptions.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';
import { unpackRow } from '../script/layout.js';
import type { Renewal } from '../script/transition-types.js';
import type { Transitions } from '../script/transitions.js';

export interface ExpiredLease {
  lease: Lease;
  /** Its end is recorded; only its log and its closing are left. */
  ended: boolean;
  /** 0 if the lease was released. */
  overdueMs: number;
}

/** The leases of an executor (see Leases). `renewals` is on a connection of its own. */
export class Leases {
  readonly #connection: Redis;
  readonly #clock: RedisClock;
  readonly #renewals: Transitions;
  readonly #subscriptions: Subscriptions;

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

  /** All leases of one executor. */
  async list(executor: number): Promise<Lease[]> {
    const members = await translateRedisErrors(() => this.#connection.zrange(keys.leases(executor), 0, '-1'));
    return members.map(parseLease);
  }

  /**
   * Leases of one executor that expired or were released, with what is left to do for each; oldest first, without the
   * first `skip`.
   */
  async listExpired(executor: number, limit: number, skip = 0): Promise<ExpiredLease[]> {
    return translateRedisErrors(async () => {
      const now = await this.#clock.now();
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
}

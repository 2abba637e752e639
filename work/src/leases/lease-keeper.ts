import type { Part } from '@chainr/core/service/lifecycle';
import type { Logger } from '@chainr/core/service/logger';
import type { Metrics } from '@chainr/core/service/metrics';
import { formatLease, type Lease } from '@chainr/core/store/redis/keys';
import type { Store } from '@chainr/core/store/store';
import type { Subscription } from '@chainr/core/store/redis/subscriptions';
import { HeldLease, type LeaseHolder } from './held-lease.js';

export interface LeaseKeeperOptions {
  store: Store;
  logger: Logger;
  metrics: Metrics;
  ttlMs: number;
  renewEveryMs: number;
  /** The number of the executor, known once it is registered. */
  executorNumber: () => number;
}

/** Renews the leases of this worker, on its own connection and in its own loop (see Leases). */
export class LeaseKeeper implements Part {
  readonly name = 'lease-keeper';
  readonly #options: LeaseKeeperOptions;
  readonly #held = new Map<string, HeldLease>();
  readonly #stopped = new AbortController();
  #renewing: Promise<void> | undefined;
  #stops: Subscription | undefined;
  #ticking: Promise<void> = Promise.resolve();
  /** When a round last failed, by `performance.now()`. */
  #failedAt = -Infinity;
  #isMute = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { store, executorNumber } = this.#options;
    this.#stops = await store.leases.listenToStops(executorNumber());
    this.#renewing = this.#loop(this.#stops);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#renewing;
    await this.#stops?.close();
  }

  /** How many leases are held. */
  get size(): number {
    return this.#held.size;
  }

  /** @param sentAt when the claim was sent, by `performance.now()` */
  hold(lease: Lease, sentAt: number, holder: LeaseHolder): HeldLease {
    const held = new HeldLease(lease, sentAt + this.#options.ttlMs, holder);
    this.#held.set(held.key, held);
    return held;
  }

  holds(lease: Lease): boolean {
    return this.#held.has(formatLease(lease));
  }

  release(held: HeldLease): void {
    if (this.#held.get(held.key) === held) this.#held.delete(held.key);
  }

  /** Stops renewing these leases. When it resolves, no renewal of them is pending. */
  async letGo(leases: readonly HeldLease[]): Promise<void> {
    for (const held of leases) this.release(held);
    await this.#ticking.catch(() => undefined); // A failed renewal renews nothing, so it does not matter here.
  }

  /** Renews all held leases once. Even without leases it shows that this worker is present. */
  tick(): Promise<void> {
    // One after the other. A failed round does not affect the next.
    this.#ticking = this.#ticking.catch(() => undefined).then(() => this.#renew());
    return this.#ticking;
  }

  async #renew(): Promise<void> {
    const { store, ttlMs, executorNumber } = this.#options;
    const leases = this.#canReport() ? [...this.#held.keys()] : [];
    const sentAt = performance.now();
    const renewal = await store.leases.renew(executorNumber(), leases, ttlMs).catch((error: unknown) => {
      this.#failedAt = performance.now();
      throw error;
    });
    for (const { lease, reason } of renewal.stops) this.#held.get(lease)?.holder.requestStop(reason);
    const lost = new Set(renewal.lost);
    for (const lease of leases) {
      const held = this.#held.get(lease);
      if (!held) continue;
      if (!lost.has(lease)) {
        held.lastsUntil(sentAt + ttlMs);
        continue;
      }
      if (held.ending) continue;
      this.#held.delete(lease);
      this.#options.metrics.counter('leasesLost').inc();
      this.#options.logger.warn(
        { event: 'lease.lost', lease },
        'A lease was lost; its attempt now belongs to another worker',
      );
      held.lose();
    }
  }

  /**
   * Whether the ends of attempts can still be reported. Leases are renewed on their own connection. If that works and
   * the other does not, renewing would keep attempts from workers that could report. If Redis itself is away both fail,
   * and no other worker could report either.
   */
  #canReport(): boolean {
    const { store, ttlMs, logger } = this.#options;
    const muteMs = Math.min(store.unansweredMs, performance.now() - this.#failedAt);
    const isMute = muteMs > ttlMs;
    if (isMute !== this.#isMute)
      logger.warn(
        { event: isMute ? 'lease.left-to-lapse' : 'lease.renewed-again', muteMs: Math.round(muteMs), leases: this.#held.size },
        isMute ? 'Reports do not reach Redis; leases are no longer renewed' : 'Reports reach Redis again',
      ); // prettier-ignore
    this.#isMute = isMute;
    return !isMute;
  }

  /** A message that something must be stopped starts the next round at once. */
  async #loop(stops: Subscription): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await stops.next(this.#options.renewEveryMs, signal);
      if (this.#stopped.signal.aborted) return;
      await this.tick().catch((error: unknown) => {
        this.#options.logger.warn(
          { event: 'lease.renewal-failed', err: error },
          'Leases could not be renewed; trying again',
        );
      });
    }
  }
}

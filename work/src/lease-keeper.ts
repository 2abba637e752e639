import { setTimeout as pause } from 'node:timers/promises';
import type { Part } from '@chainr/core/service/lifecycle';
import type { Logger } from '@chainr/core/service/logger';
import { formatLease, type Lease } from '@chainr/core/store/keys';
import type { Store } from '@chainr/core/store/store';

/** The lease of an attempt has ended, or may have: nothing more may be done about the attempt. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';
}

export interface HeldLease {
  readonly lease: Lease;
  /** Aborted when the lease is lost. */
  readonly signal: AbortSignal;
  /** Throws LeaseLost unless the lease is certain to last: asked before every write of an executor (rule R1). */
  readonly guard: () => void;
  /** Aborts the signal: what still waits for the attempt is to end, though the lease lasts. */
  readonly abandon: () => void;
}

interface Held {
  lost: AbortController;
  /** By the local monotonic clock, counted from before the claim or the renewal was sent. */
  deadline: number;
}

export interface LeaseKeeperOptions {
  store: Store;
  logger: Logger;
  ttlMs: number;
  renewEveryMs: number;
}

/** Renews the leases that this worker holds, on a connection and a loop of their own (rule R8). */
export class LeaseKeeper implements Part {
  readonly name = 'lease-keeper';
  readonly #options: LeaseKeeperOptions;
  readonly #held = new Map<string, Held>();
  readonly #stopped = new AbortController();
  #renewing: Promise<void> | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    this.#renewing = this.#loop();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#renewing;
  }

  /** How many leases are held. */
  get size(): number {
    return this.#held.size;
  }

  /** @param sentAt when the claim was sent, by `performance.now()`. */
  hold(lease: Lease, sentAt: number): HeldLease {
    const held: Held = { lost: new AbortController(), deadline: sentAt + this.#options.ttlMs };
    this.#held.set(formatLease(lease), held);
    const guard = () => {
      if (held.lost.signal.aborted || performance.now() >= held.deadline) {
        throw new LeaseLost(`the lease of ${formatLease(lease)} has ended`);
      }
    };
    const abandon = () => {
      held.lost.abort(new LeaseLost(`${formatLease(lease)} is left as it is`));
    };
    return { lease, signal: held.lost.signal, guard, abandon };
  }

  release(lease: Lease): void {
    this.#held.delete(formatLease(lease));
  }

  /** One round: everything that is held now. */
  async tick(): Promise<void> {
    const leases = [...this.#held.keys()];
    if (leases.length === 0) return;
    const sentAt = performance.now();
    const lost = new Set(await this.#options.store.work.renew(leases, this.#options.ttlMs));
    for (const lease of leases) {
      const held = this.#held.get(lease);
      if (!held) continue;
      if (!lost.has(lease)) {
        held.deadline = sentAt + this.#options.ttlMs;
        continue;
      }
      this.#held.delete(lease);
      this.#options.logger.warn(
        { event: 'lease.lost', lease },
        'A lease is lost; its attempt is left to its new owner',
      );
      held.lost.abort(new LeaseLost(`the lease of ${lease} is lost`));
    }
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await pause(this.#options.renewEveryMs, undefined, { signal }).catch(() => undefined); // Only an abort ends it early.
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

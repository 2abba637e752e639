import type { Reason } from '@chainr/core/engine/reasons';
import { formatLease, type Lease } from '@chainr/core/store/redis/keys';

/** The lease of an attempt has ended, or may have. Nothing more may be done about the attempt. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';
}

/** This worker is shutting down and released the attempt, which goes on. */
export class HandedOver extends LeaseLost {
  override name = 'HandedOver';
}

/** A lease that this worker holds. */
export class HeldLease {
  readonly lease: Lease;
  /** Its id in the scripts. */
  readonly key: string;
  /** Set when the attempt's end was sent. From then on the lease may be gone without being lost. */
  ending = false;
  /** Called once, when the attempt must be stopped. */
  onStop: ((reason: Reason) => void) | undefined;
  #stop: Reason | undefined;
  /** When a worker was first told to stop it, by `performance.now()`. */
  #stopToldAt = 0;
  readonly #lost = new AbortController();
  #deadline: number;

  /** @param deadline by the local monotonic clock (`performance.now()`) */
  constructor(lease: Lease, deadline: number) {
    this.lease = lease;
    this.key = formatLease(lease);
    this.#deadline = deadline;
  }

  /** Aborted when the lease is lost. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws LeaseLost unless the lease certainly lasts. Called before every write of an executor (see Tombstones). */
  readonly guard = (): void => {
    if (this.#lost.signal.aborted || performance.now() >= this.#deadline) {
      throw new LeaseLost(`the lease of ${this.key} has ended`);
    }
  };

  lastsUntil(deadline: number): void {
    this.#deadline = deadline;
  }

  /** Why the attempt must be stopped; undefined while it may go on. */
  get stop(): Reason | undefined {
    return this.#stop;
  }

  /** @param toldMs how long ago a worker was first told; this one may have adopted the attempt since */
  requestStop(reason: Reason, toldMs = 0): void {
    if (this.#stop !== undefined) return;
    this.#stop = reason;
    this.#stopToldAt = performance.now() - toldMs;
    this.onStop?.(reason);
  }

  /** How long ago a worker was first told to stop the attempt, in ms; 0 if none was. */
  get stopToldMs(): number {
    return this.#stop === undefined ? 0 : performance.now() - this.#stopToldAt;
  }

  handOver(): void {
    this.#lost.abort(new HandedOver(`${this.key} is handed over`));
  }

  lose(): void {
    this.#lost.abort(new LeaseLost(`the lease of ${this.key} is lost`));
  }

  /** Aborts the signal, so that everything that waits for the attempt ends, although the lease lasts. */
  abandon(): void {
    this.#lost.abort(new LeaseLost(`${this.key} is left as it is`));
  }
}

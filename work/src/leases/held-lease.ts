import type { Reason } from '@chainr/core/engine/reasons';
import { formatLease, type Lease } from '@chainr/core/store/redis/keys';

/** Another worker has the lease, or it may have expired. Nothing more may be done about the attempt. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';
}

/** This worker is shutting down and released the attempt, which goes on. */
export class HandedOver extends Error {
  override name = 'HandedOver';
}

/** This worker no longer waits for the rest of an attempt, although it holds the lease. */
export class Abandoned extends Error {
  override name = 'Abandoned';
}

/** What a lease is about. */
export interface LeaseHolder {
  /** It must be stopped. Called with every renewal while the request stands. */
  requestStop(reason: Reason): void;
}

/** A lease that this worker holds. */
export class HeldLease {
  readonly lease: Lease;
  /** Its id in the scripts. */
  readonly key: string;
  /** Set when the attempt's end was sent. From then on the lease may be gone without being lost. */
  ending = false;
  readonly holder: LeaseHolder;
  #ended: LeaseLost | HandedOver | undefined;
  /** Made on demand, in an outage: creating a signal for every attempt is expensive. */
  #gone: AbortController | undefined;
  readonly #abandoned = new AbortController();
  #deadline: number;

  /** @param deadline by the local monotonic clock (`performance.now()`) */
  constructor(lease: Lease, deadline: number, holder: LeaseHolder) {
    this.lease = lease;
    this.key = formatLease(lease);
    this.#deadline = deadline;
    this.holder = holder;
  }

  /** Aborted with LeaseLost or HandedOver. Ends what acts on the attempt. */
  get gone(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#ended) this.#gone.abort(this.#ended);
    return this.#gone.signal;
  }

  /** Throws LeaseLost or HandedOver when the lease is gone. */
  throwIfGone(): void {
    if (this.#ended) throw this.#ended;
  }

  /**
   * Aborted when the lease is gone, and when the rest of the attempt is abandoned; with LeaseLost, HandedOver or
   * Abandoned. Ends what only waits for the attempt and reads its output.
   */
  get abandoned(): AbortSignal {
    return this.#abandoned.signal;
  }

  /** Throws unless the lease certainly lasts. Called before every write of an executor (see Tombstones). */
  readonly guard = (): void => {
    this.throwIfGone();
    if (performance.now() >= this.#deadline) throw new LeaseLost(`the lease of ${this.key} may have expired`);
  };

  lastsUntil(deadline: number): void {
    this.#deadline = deadline;
  }

  handOver(): void {
    this.#end(new HandedOver(`${this.key} is handed over`));
  }

  /** @returns why the lease is gone; it may have been handed over before. */
  lose(): LeaseLost | HandedOver {
    return this.#end(new LeaseLost(`another worker has the lease of ${this.key}`));
  }

  /** Everything that waits for the attempt ends, although the lease lasts. */
  abandon(): void {
    this.#abandoned.abort(new Abandoned(`nobody waits any longer for the rest of ${this.key}`));
  }

  #end(reason: LeaseLost | HandedOver): LeaseLost | HandedOver {
    if (this.#ended) return this.#ended;
    this.#ended = reason;
    this.#gone?.abort(reason);
    this.#abandoned.abort(reason);
    return reason;
  }
}

import type { Store } from '@chainr/core/store/store';

/**
 * Decides when leases of others may be adopted (see Leases). While Redis was away or has just started, their owners
 * could not renew, so they get time for it.
 */
export class AdoptionHoldOff {
  readonly #store: Pick<Store, 'serverLife'>;
  readonly #ttlMs: number;
  #troubleAt = -Infinity;

  constructor(store: Pick<Store, 'serverLife'>, ttlMs: number) {
    this.#store = store;
    this.#ttlMs = ttlMs;
  }

  /** @throws the error of Redis, or that it did not answer */
  async allows(): Promise<boolean> {
    try {
      const { upMs } = await this.#store.serverLife.read();
      return upMs >= this.#ttlMs && performance.now() - this.#troubleAt >= this.#ttlMs;
    } catch (error) {
      this.#troubleAt = performance.now();
      throw error;
    }
  }
}

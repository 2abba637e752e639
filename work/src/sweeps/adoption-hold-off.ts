import type { Store } from '@chainr/core/store/store';

/**
 * When leases of others may be taken over (see Leases). After Redis was away, or has just started, their owners had no
 * chance to renew: they get one.
 */
export class AdoptionHoldOff {
  readonly #store: Pick<Store, 'work'>;
  readonly #ttlMs: number;
  #troubleAt = -Infinity;

  constructor(store: Pick<Store, 'work'>, ttlMs: number) {
    this.#store = store;
    this.#ttlMs = ttlMs;
  }

  /** @throws what Redis answered, or that it did not. */
  async allows(): Promise<boolean> {
    try {
      const { upMs } = await this.#store.work.serverLife();
      return upMs >= this.#ttlMs && performance.now() - this.#troubleAt >= this.#ttlMs;
    } catch (error) {
      this.#troubleAt = performance.now();
      throw error;
    }
  }
}

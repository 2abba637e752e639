/** The longest pause between tries. Pauses grow while something keeps failing. */
const longestPauseMs = 3_600_000;

interface Failed {
  failures: number;
  /** No retry before this time, by the monotonic clock. */
  until: number;
}

/** For sweeps: something that keeps failing is retried less and less often, and does not hold up anything else. */
export class GrowingPauses {
  readonly #everyMs: number;
  readonly #failed = new Map<string, Failed>();

  /** @param everyMs the interval of the sweep */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** How many names have failed and are still remembered. */
  get size(): number {
    return this.#failed.size;
  }

  /** Whether it failed at the last try. */
  hasFailed(name: string): boolean {
    return this.#failed.has(name);
  }

  /**
   * Tries something unless it must wait. A first failure may be temporary: the next pass retries, and nothing is
   * logged.
   * @param warn called at the second failure in a row, and not later
   * @returns whether it succeeded; also false if it must wait
   */
  async tryOnce(name: string, work: () => Promise<void>, warn: (error: unknown) => void): Promise<boolean> {
    const before = this.#failed.get(name);
    if (before && performance.now() < before.until) return false;
    try {
      await work();
    } catch (error) {
      const failures = (before?.failures ?? 0) + 1;
      const pauseMs = failures === 1 ? 0 : Math.min(this.#everyMs * 2 ** (failures - 1), longestPauseMs);
      this.#failed.set(name, { failures, until: performance.now() + pauseMs });
      if (failures === 2) warn(error);
      return false;
    }
    this.#failed.delete(name);
    return true;
  }

  /** Forgets all others: they are gone, whoever removed them. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#failed.keys()) if (!names.has(name)) this.#failed.delete(name);
  }
}

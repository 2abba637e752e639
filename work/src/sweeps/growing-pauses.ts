/** What cannot be done is tried again at longer and longer intervals, up to this one. */
const longestPauseMs = 3_600_000;

interface Failed {
  failures: number;
  /** Not to be tried before, by the monotonic clock. */
  until: number;
}

/** For sweeps: what fails again and again is tried less and less often, and holds up nothing else. */
export class GrowingPauses {
  readonly #everyMs: number;
  readonly #failed = new Map<string, Failed>();

  /** @param everyMs how often the sweep comes by. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** How many names have failed and were not forgotten since. */
  get size(): number {
    return this.#failed.size;
  }

  /** Whether it failed at the last try. */
  hasFailed(name: string): boolean {
    return this.#failed.has(name);
  }

  /**
   * The first failure may be a matter of a moment: the next pass tries again, and nobody is told.
   * @param warn called at the second failure in a row, and at no later one.
   * @returns whether it was done; false too where it is not to be tried yet.
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

  /** Forgets all others: they are gone, whoever saw to that. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#failed.keys()) if (!names.has(name)) this.#failed.delete(name);
  }
}

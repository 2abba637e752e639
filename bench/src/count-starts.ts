import type { RunUid } from '@chainr/core/engine/records';

/**
 * Tells when all jobs of a run have started, as reported by the executor. For the measuring process this is the
 * cheapest way to know when the next run is due.
 */
export class StartCounter {
  readonly #started = new Map<RunUid, number>();
  readonly #waiting = new Map<RunUid, { starts: number; resolve: () => void }>();

  count(run: RunUid): void {
    const started = (this.#started.get(run) ?? 0) + 1;
    this.#started.set(run, started);
    const waiting = this.#waiting.get(run);
    if (!waiting || started < waiting.starts) return;
    this.#waiting.delete(run);
    this.#started.delete(run);
    waiting.resolve();
  }

  /** Resolves when `starts` jobs of a run have started. */
  reached(run: RunUid, starts: number): Promise<void> {
    if (this.#started.get(run) === starts) {
      this.#started.delete(run);
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.set(run, { starts, resolve }));
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Part } from './lifecycle.js';
import type { Logger } from './logger.js';
import type { Sweep } from './sweep.js';

/** Repeats one sweep until it is stopped. A pass that fails is logged, and the next one tries again. */
export class SweepLoop implements Part {
  readonly name: string;
  readonly #sweep: Sweep;
  readonly #logger: Logger;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;

  constructor(sweep: Sweep, logger: Logger) {
    this.name = `sweep ${sweep.name}`;
    this.#sweep = sweep;
    this.#logger = logger.child({ sweep: sweep.name });
  }

  start(): Promise<void> {
    this.#running = this.#run();
    return Promise.resolve();
  }

  /** Resolves when the pass under way has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** One pass; never rejects. */
  async tick(): Promise<void> {
    try {
      const { changed } = await this.#sweep.sweep();
      if (changed > 0) this.#logger.info({ changed }, 'swept');
    } catch (error) {
      this.#logger.warn({ err: error }, 'a sweep failed; the next pass tries again');
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.tick();
      await pause(this.#sweep.everyMs, undefined, { signal }).catch(() => undefined); // Only an abort ends it early.
    }
  }
}

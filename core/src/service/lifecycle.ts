import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnavailable } from '../store/redis/errors.js';
import type { Logger } from './logger.js';

/** The pause before a start that a Redis outage interrupted is tried again. */
const startAgainMs = 200;

/** Something with a lifetime: a server, a connection, a loop. */
export interface Part {
  readonly name: string;
  /**
   * Resolves when the part works. It is called again if it rejects with StoreUnavailable, so what a failed start leaves
   * behind must not block the next.
   */
  start(): Promise<void>;
  /**
   * Resolves when nothing of the part is left. Safe to repeat, and safe while `start` is still waiting: it then makes
   * that start end, one way or the other.
   */
  stop(): Promise<void>;
}

/** The service was stopped while it was starting. */
export class StoppedWhileStarting extends Error {
  override readonly name = 'StoppedWhileStarting';
}

/**
 * A list of parts with one lifetime, started in order and stopped in reverse. If Redis goes away during a start, the
 * start waits for it, logs that, and goes on (see Leases). Any other failed start stops what was started and rejects
 * with the first error. Both calls are safe to repeat and to overlap. A stopped service does not start again.
 */
export class Service implements Part {
  readonly name: string;
  readonly logger: Logger;
  readonly #parts: readonly Part[];
  /** Parts whose `start` was called, in that order. */
  readonly #begun: Part[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(name: string, logger: Logger, parts: readonly Part[]) {
    this.name = name;
    this.logger = logger;
    this.#parts = parts;
  }

  start(): Promise<void> {
    this.#starting ??= this.#startParts();
    return this.#starting;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopParts();
    return this.#stopping;
  }

  async #startParts(): Promise<void> {
    for (const part of this.#parts) {
      if (this.#stopping) throw new StoppedWhileStarting(`${this.name} was stopped before it had started.`);
      this.#begun.push(part);
      try {
        await this.#startPart(part);
      } catch (error) {
        await this.#stopAfterFailure(error);
      }
    }
    if (this.#stopping) throw new StoppedWhileStarting(`${this.name} was stopped before it had started.`);
    this.logger.info('started');
  }

  #isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  async #startPart(part: Part): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await part.start();
        return;
      } catch (error) {
        if (this.#isStopping() || !(error instanceof StoreUnavailable)) throw error;
        if (tries === 0) this.logger.warn({ event: 'start.waiting', part: part.name, err: error }, 'Waiting for Redis');
        await pause(startAgainMs);
        if (this.#isStopping()) throw error;
      }
    }
  }

  async #stopAfterFailure(error: unknown): Promise<never> {
    if (this.#stopping)
      throw new StoppedWhileStarting(`${this.name} was stopped before it had started.`, { cause: error });
    try {
      await this.stop();
    } catch (stopError) {
      this.logger.warn({ err: stopError }, 'could not stop cleanly after a failed start');
    }
    throw error;
  }

  async #stopParts(): Promise<void> {
    const errors: unknown[] = [];
    for (let part = this.#begun.pop(); part; part = this.#begun.pop()) {
      try {
        await part.stop();
      } catch (error) {
        errors.push(new Error(`${part.name} did not stop cleanly.`, { cause: error }));
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `${this.name} did not stop cleanly.`);
    this.logger.info('stopped');
  }
}

import type { Logger } from './logger.js';

/** Something with a lifetime: a server, a connection, a loop. */
export interface Part {
  readonly name: string;
  /** Resolves when the part does its work. Called once. */
  start(): Promise<void>;
  /**
   * Resolves when nothing of the part is left. Safe to repeat, and safe while `start` is still
   * waiting for something: it then makes that start end, one way or the other.
   */
  stop(): Promise<void>;
}

/** The start of a service was cut short by its own stop. */
export class StoppedWhileStarting extends Error {
  override readonly name = 'StoppedWhileStarting';
}

/**
 * A list of parts with one lifetime: started in order, stopped in reverse order. A failed start
 * stops what was started and rejects with the first error. Both calls are safe to repeat and to
 * overlap; a service that was stopped does not start again.
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
        await part.start();
      } catch (error) {
        await this.#stopAfterFailure(error);
      }
    }
    if (this.#stopping) throw new StoppedWhileStarting(`${this.name} was stopped before it had started.`);
    this.logger.info('started');
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

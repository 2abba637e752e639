import { setTimeout as pause } from 'node:timers/promises';
import { within } from '../async/within.js';
import type { Part } from './lifecycle.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';
import type { Sweep, Swept } from './sweep.js';

/** The sweeps of a service stop one after the other, so all of them together must stay far below the limit of its stop. */
const stopWithinMs = 2_000;

/** Repeats one sweep until it is stopped. A failed pass is logged, and the next one tries again. */
export class SweepLoop implements Part {
  readonly name: string;
  readonly #sweep: Sweep;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #stopped = new AbortController();
  #pass: Promise<void> | undefined;
  #running: Promise<void> | undefined;

  constructor(sweep: Sweep, logger: Logger, metrics: Metrics) {
    this.name = `sweep ${sweep.name}`;
    this.#sweep = sweep;
    this.#logger = logger.child({ sweep: sweep.name });
    this.#metrics = metrics;
    // A sweep that never found anything is reported as 0, not left out.
    this.#count({ changed: 0 });
    for (const result of ['ok', 'failed']) metrics.counter('sweepPasses').inc({ sweep: sweep.name, result }, 0);
  }

  start(): Promise<void> {
    this.#running ??= this.#run();
    return Promise.resolve();
  }

  /**
   * Resolves when the current pass has ended, or soon: calls of a worker wait for as long as Redis is away. A pass may be
   * given up at any instruction, as if its process had died.
   */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await within(stopWithinMs, Promise.all([this.#running, this.#pass]), () => undefined);
  }

  /** Runs one pass, or joins the current one: passes never overlap. Never rejects. */
  tick(): Promise<void> {
    this.#pass ??= this.#sweepOnce().finally(() => (this.#pass = undefined));
    return this.#pass;
  }

  async #sweepOnce(): Promise<void> {
    const { name } = this.#sweep;
    const passes = this.#metrics.counter('sweepPasses');
    try {
      const { failure, ...result } = await this.#sweep.sweep(this.#stopped.signal);
      this.#count(result);
      if (result.changed > 0) this.#logger.info(result, 'swept');
      if (failure !== undefined) throw failure;
      passes.inc({ sweep: name, result: 'ok' });
    } catch (error) {
      passes.inc({ sweep: name, result: 'failed' });
      this.#logger.warn({ err: error }, 'a sweep failed; the next pass tries again');
    }
  }

  #count({ changed, lagMs = 0 }: Swept): void {
    this.#metrics.counter('sweepChanges').inc({ sweep: this.#sweep.name }, changed);
    this.#metrics.gauge('sweepLag').set({ sweep: this.#sweep.name }, lagMs / 1000);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.tick();
      await pause(this.#sweep.everyMs, undefined, { signal }).catch(() => undefined); // Only an abort ends it early.
    }
  }
}

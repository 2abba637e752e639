import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { within } from '@chainr/core/async/within';
import type { Part } from '@chainr/core/service/lifecycle';
import type { WorkContext } from './context.js';
import { refuseMixedPool } from './refuse-mixed-pool.js';

/** A stop waits no longer than this for Redis. */
const forgetWithinMs = 2_000;

/** Announces this worker and its state, and learns whether it must take nothing new. */
export class ShowWorker implements Part {
  readonly name = 'show-worker';
  readonly #context: WorkContext;
  readonly #running: () => number;
  readonly #id = `${hostname().slice(0, 200)}-${randomBytes(4).toString('hex')}`;
  readonly #stopped = new AbortController();
  #showing: Promise<void> | undefined;

  constructor(context: WorkContext, running: () => number) {
    this.#context = context;
    this.#running = running;
  }

  /** @throws a sentence if the pool has workers with another kind of executor: two may have started at the same time */
  async start(): Promise<void> {
    await this.#tryTick();
    const { store, pool, executor } = this.#context;
    try {
      await refuseMixedPool(store, pool, executor.kind);
    } catch (error) {
      await this.#forget();
      throw error;
    }
    this.#showing = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    const forgotten = (this.#showing ?? Promise.resolve()).then(() => this.#forget());
    // Both calls wait for as long as Redis is away. The registry forgets the worker after a while.
    await within(forgetWithinMs, forgotten, () => undefined);
  }

  async #forget(): Promise<void> {
    await this.#context.store.workers.forget(this.#id).catch(() => undefined);
  }

  async tick(): Promise<void> {
    const { store, pool, executor, capacity, logger } = this.#context;
    const { draining } = await store.workers.show({
      id: this.#id,
      host: hostname(),
      pool,
      executor: executor.kind,
      executorId: executor.id,
      capacity: capacity.total,
      running: this.#running(),
    });
    if (draining === capacity.draining) return;
    capacity.drain(draining);
    logger.info(
      { event: draining ? 'worker.drained' : 'worker.undrained', worker: this.#id },
      draining ? 'Draining: takes no new jobs, running jobs continue' : 'Takes new jobs again',
    );
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopped;
    const { renewEveryMs } = this.#context.config;
    for (;;) {
      await pause(renewEveryMs, undefined, { signal }).catch(() => undefined); // Only an abort ends it early.
      if (signal.aborted) return;
      await this.#tryTick();
    }
  }

  async #tryTick(): Promise<void> {
    try {
      await this.tick();
    } catch (error) {
      this.#context.logger.debug(
        { event: 'worker.not-shown', err: error },
        'The worker could not announce itself in Redis',
      );
    }
  }
}

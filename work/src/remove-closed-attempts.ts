import { setTimeout as pause } from 'node:timers/promises';
import type { Part } from '@chainr/core/service/lifecycle';
import type { WorkContext } from './context.js';

const everyMs = 5_000;
const page = 100;

/** Removes the remains of attempts of this executor once their removal grace is over (rule R1). */
export class RemoveClosedAttempts implements Part {
  readonly name = 'remove-closed-attempts';
  readonly #context: WorkContext;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;

  constructor(context: WorkContext) {
    this.#context = context;
  }

  start(): Promise<void> {
    this.#running = this.#loop();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** One pass over what is due now; an entry goes only after the remains did. @returns how many went. */
  async tick(): Promise<number> {
    const { store, executor } = this.#context;
    const number = this.#context.executorNumber();
    const due = await store.work.listDue(number, page);
    for (const { job, ...id } of due) {
      if (this.#stopped.signal.aborted) break;
      await executor.remove({ run: id.run, job, attempt: id.attempt }, () => undefined);
      await store.work.forgetDue(number, id);
    }
    return due.length;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const removed = await this.tick().catch((error: unknown) => {
        this.#context.logger.warn(
          { event: 'removal.failed', err: error },
          'Remains could not be removed; trying again',
        );
        return 0;
      });
      if (removed === page) continue;
      await pause(everyMs, undefined, { signal }).catch(() => undefined); // Only an abort ends it early.
    }
  }
}

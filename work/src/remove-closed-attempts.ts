import { setTimeout as pause } from 'node:timers/promises';
import type { Part } from '@chainr/core/service/lifecycle';
import type { DueRemoval } from '@chainr/core/store/work-store';
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
    const { store } = this.#context;
    let removed = 0;
    for (const due of await store.work.listDue(this.#context.executorNumber(), page)) {
      if (this.#stopped.signal.aborted) break;
      if (await this.#remove(due)) removed += 1;
    }
    return removed;
  }

  /** What cannot be removed now must not keep the others from being. */
  async #remove({ job, ...id }: DueRemoval): Promise<boolean> {
    const { store, executor, logger } = this.#context;
    try {
      await executor.remove({ run: id.run, job, attempt: id.attempt }, () => undefined);
    } catch (error) {
      const named = { event: 'removal.failed', run: id.run, job, attempt: id.attempt, err: error };
      logger.warn(named, 'The remains of an attempt could not be removed; trying again');
      return false;
    }
    await store.work.forgetDue(this.#context.executorNumber(), id);
    return true;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const removed = await this.tick().catch((error: unknown) => {
        this.#context.logger.warn(
          { event: 'removal.unknown', err: error },
          'It could not be read which remains are due; trying again',
        );
        return 0;
      });
      if (removed === page) continue;
      await pause(everyMs, undefined, { signal }).catch(() => undefined); // Only an abort ends it early.
    }
  }
}

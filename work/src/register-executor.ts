import type { Part } from '@chainr/core/service/lifecycle';
import type { Store } from '@chainr/core/store/store';
import type { Executor } from '@chainr/executor/port';

/** Registers the executor: gets the number of its id, and announces how large its messages should be. */
export class RegisterExecutor implements Part {
  readonly name = 'register-executor';
  readonly #store: Store;
  readonly #executor: Executor;
  readonly #capacity: number;
  #number = 0;

  constructor(store: Store, executor: Executor, capacity: number) {
    this.#store = store;
    this.#executor = executor;
    this.#capacity = capacity;
  }

  get number(): number {
    return this.#number;
  }

  async start(): Promise<void> {
    this.#number = await this.#store.executors.register(this.#executor.id);
    await this.#store.executors.announceCapacity(this.#executor.kind, this.#capacity);
  }

  stop(): Promise<void> {
    return this.#executor.close();
  }
}

import type { Part } from '@chainr/core/service/lifecycle';
import type { Store } from '@chainr/core/store/store';
import type { Executor } from '@chainr/executor/port';
import { refuseMixedPool } from './refuse-mixed-pool.js';

export interface RegisterExecutorOptions {
  store: Pick<Store, 'executors' | 'pools' | 'workers'>;
  executor: Executor;
  pool: string;
  capacity: number;
}

/** Registers the executor in its pool: gets their number, and announces how large the messages of the pool should be. */
export class RegisterExecutor implements Part {
  readonly name = 'register-executor';
  readonly #options: RegisterExecutorOptions;
  #number = 0;

  constructor(options: RegisterExecutorOptions) {
    this.#options = options;
  }

  get number(): number {
    return this.#number;
  }

  /** @throws a sentence if the pool has workers with another kind of executor */
  async start(): Promise<void> {
    const { store, executor, pool, capacity } = this.#options;
    await refuseMixedPool(store, pool, executor.kind);
    this.#number = await store.executors.register(executor.id, pool);
    await store.pools.announceCapacity(pool, capacity);
  }

  stop(): Promise<void> {
    return this.#options.executor.close();
  }
}

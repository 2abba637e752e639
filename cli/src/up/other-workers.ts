import type { ExecutorKind } from '@chainr/core/engine/records';
import type { Part } from '@chainr/core/service/lifecycle';
import type { Logger } from '@chainr/core/service/logger';
import { Store } from '@chainr/core/store/store';
import type { WorkService } from '@chainr/work/service';

export interface OtherWorkersOptions {
  redisUrl: string;
  logger: Logger;
  /** The executor of new runs; it has a worker already. */
  own: ExecutorKind;
  makeWork: (kind: ExecutorKind) => Promise<WorkService>;
}

/** Executors that can be on one machine. */
const local: readonly ExecutorKind[] = ['process', 'docker'];

/** Starts a worker for every other executor with an unfinished run, from an earlier start (see Where attempts run). */
export class OtherWorkers implements Part {
  readonly name = 'other workers';
  readonly services: WorkService[] = [];
  readonly #options: OtherWorkersOptions;
  #store: Store | undefined;

  constructor(options: OtherWorkersOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { redisUrl, logger, own, makeWork } = this.#options;
    this.#store = new Store({ url: redisUrl, logger });
    await this.#store.start();
    const kinds = (await this.#store.runsToSweep.liveKinds()).filter((kind) => kind !== own && local.includes(kind));
    for (const kind of kinds) {
      try {
        const service = await makeWork(kind);
        this.services.push(service);
        await service.start();
      } catch (error) {
        const named = { event: 'worker.missing', executor: kind, err: error };
        logger.error(named, 'Some runs were started with another executor, which is not available now; they wait');
      }
    }
  }

  async stop(): Promise<void> {
    await this.#store?.stop();
    for (const service of this.services) await service.stop();
  }
}

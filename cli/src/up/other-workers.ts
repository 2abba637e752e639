import type { ExecutorKind } from '@chainr/core/engine/records';
import type { Part } from '@chainr/core/service/lifecycle';
import type { Logger } from '@chainr/core/service/logger';
import { Store } from '@chainr/core/store/store';
import type { WorkService } from '@chainr/work/service';

export interface OtherWorkersOptions {
  redisUrl: string;
  logger: Logger;
  /** The default pool, which has its worker already. */
  own: string;
  makeWork: (pool: string, executor: ExecutorKind) => Promise<WorkService>;
}

/** Executors that can be on one machine. A worker for Kubernetes is never started here: the kubeconfig may name another cluster by now. */
const local: readonly ExecutorKind[] = ['process', 'docker'];

/**
 * A worker for every other pool that an unfinished run is in and that a worker with a local executor has served, at a
 * start with another executor or pool (see Pools). Of a pool of Kubernetes it only logs how to get a worker. A pipeline
 * alone cannot start one: it could leave its containers that way.
 */
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
    const [live, known] = await Promise.all([this.#store.pools.listLive(), this.#store.executors.list()]);
    for (const pool of live.filter((each) => each !== own)) {
      const hasServed = (kind: ExecutorKind) => known.some((one) => one.pool === pool && one.id.startsWith(`${kind}:`));
      const kind = local.find(hasServed);
      if (kind === undefined && hasServed('kubernetes')) {
        const mend = `CHAINR_EXECUTOR=kubernetes CHAINR_POOL=${pool}`;
        logger.warn(
          { event: 'worker.missing', pool, executor: 'kubernetes' },
          `Some jobs are in another pool, whose jobs are pods; they wait until chainr up is started with ${mend}`,
        );
      }
      if (kind === undefined) continue; // If no worker has ever served it, `why` says so.
      try {
        const service = await makeWork(pool, kind);
        this.services.push(service);
        await service.start();
      } catch (error) {
        const named = { event: 'worker.missing', pool, executor: kind, err: error };
        logger.error(named, 'Some jobs are in another pool, whose executor is not available now; they wait');
      }
    }
  }

  async stop(): Promise<void> {
    await this.#store?.stop();
    for (const service of this.services) await service.stop();
  }
}

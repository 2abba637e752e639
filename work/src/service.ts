import { noFaults, type FaultHook } from '@chainr/core/engine/fault-points';
import { BundleQueue } from '@chainr/core/queue/bundle-queue';
import { BundleReader } from '@chainr/core/queue/bundle-reader';
import { Health } from '@chainr/core/service/health';
import { healthApp } from '@chainr/core/service/health-app';
import { HttpServer } from '@chainr/core/service/http-server';
import { ListeningService } from '@chainr/core/service/listening-service';
import { createLogger, type Logger } from '@chainr/core/service/logger';
import { Metrics } from '@chainr/core/service/metrics';
import { SweepLoop } from '@chainr/core/service/sweep-loop';
import { Store } from '@chainr/core/store/store';
import type { Executor } from '@chainr/executor/port';
import { AttemptRunner } from './attempt/attempt-runner.js';
import { Capacity } from './capacity.js';
import { claimBundle } from './claim-bundle.js';
import type { WorkConfig } from './config.js';
import { createExecutor } from './create-executor.js';
import { newOwner, type WorkContext } from './context.js';
import { LeaseKeeper } from './leases/lease-keeper.js';
import { listSweeps } from './list-sweeps.js';
import { measureExecutor } from './measure-executor.js';
import { RecoverLeases } from './leases/recover-leases.js';
import { RegisterExecutor } from './register-executor.js';
import { ShowWorker } from './show-worker.js';

/** For programs that start work together with other services. */
export { readConfig, settings, type WorkConfig } from './config.js';
export { answersDocker } from './create-executor.js';

export interface WorkParts {
  logger?: Logger;
  /** Replaces the configured executor. */
  executor?: Executor;
  /** Used only by tests, to freeze or kill a worker at a fault point. */
  reach?: FaultHook;
}

/** The worker service. */
export class WorkService extends ListeningService {
  readonly #runner: AttemptRunner;

  constructor(runner: AttemptRunner, ...rest: ConstructorParameters<typeof ListeningService>) {
    super(...rest);
    this.#runner = runner;
  }

  /** How many attempts are running. */
  get running(): number {
    return this.#runner.running;
  }

  /** Cuts a shutdown short: kills everything that still runs. */
  killAll(): void {
    this.#runner.killAll();
  }
}

/** Creates the worker service. Its parts start in this order and stop in reverse. */
export async function createService(config: WorkConfig, parts: WorkParts = {}): Promise<WorkService> {
  const { logger = createLogger('work', config.logLevel), reach = noFaults } = parts;
  const metrics = new Metrics('work');
  const url = config.redisUrl;
  const queue = new BundleQueue(url, logger);
  const store = new Store({ url, logger, deliver: (bundles) => { queue.deliver(bundles); }, patienceMs: Infinity, onCall: metrics.redisCallCounter() }); // prettier-ignore
  const bare = parts.executor ?? (await createExecutor(config, { instance: () => store.instance, reach, logger }));
  const executor = measureExecutor(bare, metrics);
  const pool = config.pool || executor.kind;
  const registered = new RegisterExecutor({ store, executor, pool, capacity: config.capacity });
  const leases = new LeaseKeeper({
    store,
    logger,
    metrics,
    ttlMs: config.leaseTtlMs,
    renewEveryMs: config.renewEveryMs,
    executorNumber: () => registered.number,
  });
  const capacity = new Capacity(config.capacity);
  const context: WorkContext = {
    config,
    logger,
    metrics,
    store,
    executor,
    pool,
    owner: newOwner(),
    leases,
    capacity,
    reach,
    executorNumber: () => registered.number,
  };
  const runner = new AttemptRunner(context);
  const reader = new BundleReader({
    url,
    pool,
    logger,
    room: (signal) => capacity.room(signal),
    take: (ids) => claimBundle(context, runner, ids),
  });
  const recovery = config.alone ? [new RecoverLeases(context, runner)] : [];
  const sweeps = listSweeps(context, runner).map((sweep) => new SweepLoop(sweep, logger, metrics));
  const shown = new ShowWorker(context, () => runner.running);
  const list = [store, queue, registered, leases, runner, ...recovery, ...sweeps, shown, reader];
  metrics.onRead(() => {
    metrics.gauge('leasesHeld').set({ pool }, leases.size);
    metrics.gauge('workerCapacity').set({ pool }, capacity.draining ? 0 : capacity.total);
  });
  const health = new Health(metrics, { redis: () => store.ping(), executor: () => checkExecutor(executor) }, logger);
  const server = new HttpServer('http', healthApp(health, logger), config.listen, logger, { metrics });
  return new WorkService(runner, 'work', logger, { parts: list, server, health, probesOnly: true });
}

async function checkExecutor(executor: Executor): Promise<true | string> {
  try {
    await executor.ping();
    return true;
  } catch (error) {
    return `${executor.kind} does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

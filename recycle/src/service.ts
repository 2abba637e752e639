import { BundleQueue } from '@chainr/core/queue/bundle-queue';
import { Health } from '@chainr/core/service/health';
import { healthApp } from '@chainr/core/service/health-app';
import { HttpServer } from '@chainr/core/service/http-server';
import { ListeningService } from '@chainr/core/service/listening-service';
import { createLogger, type Logger } from '@chainr/core/service/logger';
import { Metrics } from '@chainr/core/service/metrics';
import { SweepLoop } from '@chainr/core/service/sweep-loop';
import type { Bundle } from '@chainr/core/store/script/batcher';
import { openObjectStore } from '@chainr/core/objects/open-object-store';
import { Store } from '@chainr/core/store/store';
import type { RecycleConfig } from './config.js';
import { listSweeps } from './list-sweeps.js';
import { measureState } from './measure-state.js';

/** For programs that start recycle together with other services. */
export { readConfig, settings } from './config.js';

/** Creates recycle. Its parts start in this order. */
export function createService(
  config: RecycleConfig,
  logger: Logger = createLogger('recycle', config.logLevel),
): ListeningService {
  const metrics = new Metrics('recycle');
  const queue = new BundleQueue(config.redisUrl, logger);
  const deliver = (bundles: Bundle[]): void => {
    queue.deliver(bundles);
  };
  const archive = openObjectStore(config.archive);
  const store = new Store({ url: config.redisUrl, logger, deliver, archive, onCall: metrics.redisCallCounter() });
  const loops = listSweeps({ store, queue, config }).map((sweep) => new SweepLoop(sweep, logger, metrics));
  metrics.onRead(measureState({ store, metrics, logger }));
  const health = new Health(metrics, { redis: () => store.ping() }, logger);
  const server = new HttpServer('http', healthApp(health, logger), config.listen, logger, { metrics });
  const list = [store, queue, ...loops];
  return new ListeningService('recycle', logger, { parts: list, server, health, probesOnly: true });
}

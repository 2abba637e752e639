import { BundleQueue } from '@chainr/core/queue/bundle-queue';
import { Health } from '@chainr/core/service/health';
import { HttpServer } from '@chainr/core/service/http-server';
import { ListeningService } from '@chainr/core/service/listening-service';
import { createLogger, type Logger } from '@chainr/core/service/logger';
import { Metrics } from '@chainr/core/service/metrics';
import type { Bundle } from '@chainr/core/store/script/batcher';
import { openObjectStore } from '@chainr/core/objects/open-object-store';
import { Store } from '@chainr/core/store/store';
import type { SchedConfig } from './config.js';
import type { SchedContext } from './context.js';
import { createApp } from './create-app.js';
import { PipelineReader } from './pipelines/pipeline-reader.js';
import { JobChanges } from './jobs/job-changes.js';

/** Creates sched. Its parts start in this order. */
export function createService(
  config: SchedConfig,
  logger: Logger = createLogger('sched', config.logLevel),
): ListeningService {
  const metrics = new Metrics('sched');
  const queue = new BundleQueue(config.redisUrl, logger);
  const deliver = (bundles: Bundle[]): void => {
    queue.deliver(bundles);
  };
  const archive = openObjectStore(config.archive);
  const store = new Store({ url: config.redisUrl, logger, deliver, archive, onCall: metrics.redisCallCounter() });
  const jobChanges = new JobChanges(store.events);
  const pipelines = new PipelineReader();
  const { defaultPool } = config;
  const health = new Health(metrics, { redis: () => store.ping() }, logger);
  const context: SchedContext = { logger, health, store, queue, jobChanges, pipelines, defaultPool };
  const server = new HttpServer('http', createApp(context), config.listen, logger, { metrics });
  return new ListeningService('sched', logger, { parts: [store, queue, jobChanges, pipelines], server, health });
}

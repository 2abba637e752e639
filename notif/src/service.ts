import { Health } from '@chainr/core/service/health';
import { HttpServer } from '@chainr/core/service/http-server';
import { ListeningService } from '@chainr/core/service/listening-service';
import { createLogger, type Logger } from '@chainr/core/service/logger';
import { Metrics } from '@chainr/core/service/metrics';
import { EventStore } from '@chainr/core/store/events/event-store';
import type { NotifConfig } from './config.js';
import { countEvents } from './count-events.js';
import { createApp } from './create-app.js';
import { EventTail } from './event-tail.js';

/** Creates notif. Its parts start in this order. */
export function createService(
  config: NotifConfig,
  logger: Logger = createLogger('notif', config.logLevel),
): ListeningService {
  const metrics = new Metrics('notif');
  const store = new EventStore({ url: config.redisUrl, logger });
  const tail = new EventTail(store.events, logger, { onEvents: countEvents(metrics) });
  const health = new Health(metrics, { redis: () => store.ping() }, logger);
  const app = createApp({ logger, metrics, events: store.events, tail, health });
  const server = new HttpServer('http', app, config.listen, logger, { metrics });
  return new ListeningService('notif', logger, { parts: [store, tail], server, health });
}

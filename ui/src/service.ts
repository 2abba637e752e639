import { Health } from '@chainr/core/service/health';
import { HttpServer } from '@chainr/core/service/http-server';
import { ListeningService } from '@chainr/core/service/listening-service';
import { createLogger, type Logger } from '@chainr/core/service/logger';
import { Metrics } from '@chainr/core/service/metrics';
import type { UiConfig } from './config.js';
import { createApp } from './create-app.js';
import { readPage } from './read-page.js';

/** The ui service: only the server of its page. */
export function createService(
  config: UiConfig,
  logger: Logger = createLogger('ui', config.logLevel),
): ListeningService {
  const metrics = new Metrics('ui');
  const health = new Health(metrics, {}, logger);
  const app = createApp({ logger, health, page: readPage() });
  const server = new HttpServer('http', app, config.listen, logger, { metrics });
  return new ListeningService('ui', logger, { parts: [], server, health });
}

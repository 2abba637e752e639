import { within } from '../async/within.js';
import express from 'express';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';
import { noStore } from './no-store.js';
import { version } from './version.js';

/** Returns true, or a sentence that says why the service is not ready. */
export type ReadyCheck = () => Promise<true | string>;

/** A check that never answers must not make the probe hang. */
const checkDeadlineMs = 2000;

/**
 * `GET /healthz` answers 200 while the process can answer at all. `GET /readyz` answers 503 with the reason while a
 * check fails, which is logged once. `GET /metrics` returns the service's metrics.
 */
export function healthRoutes(
  metrics: Metrics,
  checks: Readonly<Record<string, ReadyCheck>>,
  logger: Logger,
): express.Router {
  const { service } = metrics;
  const router = express.Router();
  let wasReady = true;
  router.use(['/healthz', '/readyz', '/metrics'], noStore());
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok', service, version });
  });
  router.get('/readyz', async (_request, response) => {
    const results: Record<string, true | string> = {};
    await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        results[name] = await answer(check);
      }),
    );
    const ready = Object.values(results).every((result) => result === true);
    if (wasReady && !ready) logger.warn({ checks: results }, 'not ready');
    if (!wasReady && ready) logger.info('ready again');
    wasReady = ready;
    response.status(ready ? 200 : 503).json({ status: ready ? 'ok' : 'unready', service, version, checks: results });
  });
  router.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.text());
  });
  return router;
}

async function answer(check: ReadyCheck): Promise<true | string> {
  try {
    return await within(checkDeadlineMs, check(), () => `Did not answer within ${checkDeadlineMs} ms.`);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

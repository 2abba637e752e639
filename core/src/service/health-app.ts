import express from 'express';
import { errorHandler, notFound } from './express-errors.js';
import { healthRoutes, type ReadyCheck } from './health.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';
import { requestIds } from './request-id.js';

/** The HTTP app of a service with no routes but `/healthz`, `/readyz` and `/metrics`. */
export function healthApp(
  metrics: Metrics,
  checks: Readonly<Record<string, ReadyCheck>>,
  logger: Logger,
): express.Express {
  const app = express().disable('x-powered-by');
  app.use(requestIds(), healthRoutes(metrics, checks, logger), notFound(), errorHandler(logger));
  return app;
}

import express from 'express';
import { errorHandler, notFound } from './express-errors.js';
import { healthRoutes, type ReadyCheck } from './health.js';
import type { Logger } from './logger.js';
import { requestIds } from './request-id.js';

/** The HTTP side of a service that answers nothing but `/healthz` and `/readyz`. */
export function healthApp(
  service: string,
  checks: Readonly<Record<string, ReadyCheck>>,
  logger: Logger,
): express.Express {
  const app = express().disable('x-powered-by');
  app.use(requestIds(), healthRoutes(service, checks), notFound(), errorHandler(logger));
  return app;
}

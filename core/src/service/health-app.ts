import express from 'express';
import { errorHandler, notFound } from './express-errors.js';
import type { Health } from './health.js';
import type { Logger } from './logger.js';
import { requestIds } from './request-id.js';

/** The HTTP app of a service with no routes but `/healthz`, `/readyz` and `/metrics`. */
export function healthApp(health: Health, logger: Logger): express.Express {
  const app = express().disable('x-powered-by');
  app.use(requestIds(), health.routes(), notFound(), errorHandler(logger));
  return app;
}

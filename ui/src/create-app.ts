import { errorHandler, methodNotAllowed, notFound } from '@chainr/core/service/express-errors';
import { requestIds } from '@chainr/core/service/request-id';
import express from 'express';
import type { UiContext } from './context.js';

/** Every address that ui answers. */
export function createApp({ logger, health, page }: UiContext): express.Express {
  const app = express().disable('x-powered-by');
  app.use(requestIds());
  app
    .route('/')
    .get((_request, response) => {
      response
        .set({ 'Content-Security-Policy': page.policy, 'Cache-Control': 'no-cache' })
        .type('html')
        .send(page.html);
    })
    .all(methodNotAllowed('GET', 'HEAD'));
  app.use(health.routes());
  app.use(notFound(), errorHandler(logger));
  return app;
}

import { routes } from '@chainr/core/api/contract/routes';
import { errorHandler, methodNotAllowed, notFound } from '@chainr/core/service/express-errors';
import { noStore } from '@chainr/core/service/no-store';
import { requestIds } from '@chainr/core/service/request-id';
import express from 'express';
import { answerEvents } from './answer-events.js';
import type { NotifContext } from './context.js';

const allowed = ['GET', 'HEAD', 'OPTIONS'] as const;

/** Every route of notif. */
export function createApp(context: NotifContext): express.Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').set('query parser', false);
  app.use(requestIds(), noStore(), context.health.untilStarted());
  app
    .route(routes.readEvents.path)
    .get(answerEvents(context))
    .options((_request, response) => {
      response.status(204).set('Allow', allowed.join(', ')).end();
    })
    .all(methodNotAllowed(...allowed));
  app.use(context.health.routes());
  app.use(notFound(), errorHandler(context.logger));
  return app;
}

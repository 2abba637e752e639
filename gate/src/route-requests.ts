import { errorHandler, notFound } from '@chainr/core/service/express-errors';
import { noStore } from '@chainr/core/service/no-store';
import { requestIds } from '@chainr/core/service/request-id';
import express, { type RequestHandler } from 'express';
import { checkContentType } from './guards/check-content-type.js';
import type { GateContext } from './context.js';
import { drainRefused } from './proxy/drain-request.js';
import { guardLoopback } from './guards/guard-loopback.js';
import { guardToken } from './guards/guard-token.js';
import { limitBody } from './guards/limit-body.js';
import { logAccess } from './log-access.js';
import { proxyTo } from './proxy/proxy-to.js';
import { readTarget, targetOf, type Destination } from './read-target.js';
import { securityHeaders } from './security-headers.js';
import { stripHeaders } from './proxy/strip-headers.js';

/** The middleware of a request on its way to a service, in order. */
export function routeRequests({ config, logger, health, connections }: GateContext): express.Express {
  const own = health.routes();
  const answers: Readonly<Record<Destination, RequestHandler>> = {
    health: own,
    metrics: own,
    sched: proxyTo('sched', config.sched, logger),
    notif: proxyTo('notif', config.notif, logger),
    ui: proxyTo('ui', config.ui, logger),
  };
  const app = express().disable('x-powered-by').set('trust proxy', false).set('query parser', false);
  app.use(requestIds(), logAccess(logger), securityHeaders(), noStore());
  app.use(connections.refuse, readTarget(), stripHeaders());
  app.use(config.token === undefined ? guardLoopback(config.listen) : guardToken(config.token));
  app.use(checkContentType(), limitBody());
  app.use((request, response, next) => answers[targetOf(request).destination](request, response, next));
  app.use(notFound(), drainRefused(), errorHandler(logger));
  return app;
}

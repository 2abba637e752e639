import { requestIdOf } from '@chainr/core/service/request-id';
import type { Logger } from '@chainr/core/service/logger';
import type { RequestHandler } from 'express';
import { pathOf } from './read-target.js';

const probes = ['/healthz', '/readyz', '/metrics'];

/** Logs one line for every request when its answer has ended or its client has disconnected; probes at level debug. */
export function logAccess(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const { socket } = request;
    const bytesBefore = socket.bytesWritten;
    const path = pathOf(request.originalUrl);
    response.once('close', () => {
      logger[probes.includes(path) ? 'debug' : 'info'](
        {
          method: request.method,
          path,
          status: response.statusCode,
          ms: Math.round(performance.now() - startedAt),
          bytes: socket.bytesWritten - bytesBefore,
          requestId: requestIdOf(request),
          ...(response.writableFinished ? {} : { cut: true }),
        },
        'request',
      );
    });
    next();
  };
}

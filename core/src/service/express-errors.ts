import type { IncomingMessage } from 'node:http';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { ApiError } from '../api/contract/errors.js';
import { ArchiveUnavailable, StoreFull, StoreUnavailable } from '../store/redis/errors.js';
import { answerError } from './answer-error.js';
import type { Logger } from './logger.js';
import { requestIdOf } from './request-id.js';

/** `Retry-After` of an outage, in seconds. */
const retryAfterSeconds = '2';
/** `Retry-After` when Redis is full, in seconds; this takes longer to pass. */
const fullRetryAfterSeconds = '30';

/** The last route: no other one matched. */
export function notFound(): RequestHandler {
  return (request) => {
    throw new ApiError('NotFound', `There is nothing at ${request.path}.`);
  };
}

/** The last handler of one address: `route.all(methodNotAllowed('GET', 'POST'))`. */
export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  return (request) => {
    const list = allowed.join(', ');
    throw new ApiError('MethodNotAllowed', `Method ${request.method} not allowed; use ${list}.`, {
      headers: { Allow: list },
    });
  };
}

/**
 * Turns anything a handler threw into the one form of errors, `{kind: 'Error', …}`. chainr's own faults are logged, and
 * their details are not shown to the client; every 503 is logged with its cause. An answer that has already begun is
 * cut, so that the client cannot take it for complete.
 */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    const error = toApiError(thrown);
    logFault(logger, thrown, error, request);
    if (response.headersSent) response.destroy();
    else answerError(request, response, error);
  };
}

function logFault(logger: Logger, thrown: unknown, { code, status }: ApiError, request: IncomingMessage): void {
  if (status < 500) return;
  const seen = { err: thrown, code, requestId: requestIdOf(request), method: request.method };
  logger[code === 'Internal' ? 'error' : 'warn'](seen, 'request failed');
}

/** The answer to what a handler threw. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof StoreUnavailable) {
    return new ApiError('Unavailable', 'Redis is away; try again soon.', {
      headers: { 'Retry-After': retryAfterSeconds },
      cause: thrown,
    });
  }
  if (thrown instanceof ArchiveUnavailable) {
    return new ApiError('Unavailable', `This log is in the archive, which cannot be read: ${thrown.message}`, {
      headers: { 'Retry-After': retryAfterSeconds },
      cause: thrown,
    });
  }
  if (thrown instanceof StoreFull) {
    return new ApiError('StoreFull', 'Redis has no room left: delete old runs, give it more memory, or wait.', {
      headers: { 'Retry-After': fullRetryAfterSeconds },
      cause: thrown,
    });
  }
  return fromExpress(thrown) ?? new ApiError('Internal', 'Internal error; see the logs of chainr.', { cause: thrown });
}

/** Express and its body parsers throw errors with a `status` and, mostly, a `type`. */
function fromExpress(thrown: unknown): ApiError | undefined {
  if (!(thrown instanceof Error) || !('status' in thrown) || typeof thrown.status !== 'number') return undefined;
  if (thrown.status === 413) return new ApiError('TooLarge', 'The body is larger than the limit.', { cause: thrown });
  if (thrown.status === 415) return new ApiError('UnsupportedMediaType', thrown.message, { cause: thrown });
  if (thrown.status >= 400 && thrown.status < 500) return new ApiError('BadRequest', thrown.message, { cause: thrown });
  return undefined;
}

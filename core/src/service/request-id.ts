import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';

/** The request ids that a caller may choose: nothing that could forge a log line. */
const safe = /^[A-Za-z0-9._:/+=-]{1,128}$/;

const ids = new WeakMap<IncomingMessage, string>();

/**
 * Gives every request an id: its `X-Request-Id` if that is safe, else a new one. The answer names it, and the request's
 * own header is set to it, so that a proxied service sees the same id.
 */
export function requestIds(): RequestHandler {
  return (request, response, next) => {
    const id = requestIdOf(request);
    request.headers['x-request-id'] = id;
    response.setHeader('X-Request-Id', id);
    next();
  };
}

/** The id of a request. Every error body and every line of the access log has it. */
export function requestIdOf(request: IncomingMessage): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const sent = request.headers['x-request-id'];
  const id = typeof sent === 'string' && safe.test(sent) ? sent : randomUUID();
  ids.set(request, id);
  return id;
}

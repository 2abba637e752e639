import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';

/** What a caller may choose as the id of its request: nothing that could forge a log line. */
const safe = /^[A-Za-z0-9._:/+=-]{1,128}$/;

const ids = new WeakMap<IncomingMessage, string>();

/**
 * Gives every request an id, its `X-Request-Id` if that is safe, and names it in the answer; the
 * request's own header then always carries the id, so that a proxied service sees the same one.
 */
export function requestIds(): RequestHandler {
  return (request, response, next) => {
    const id = requestIdOf(request);
    request.headers['x-request-id'] = id;
    response.setHeader('X-Request-Id', id);
    next();
  };
}

/** The id of a request; stands in every error body and every line of the access log. */
export function requestIdOf(request: IncomingMessage): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const sent = request.headers['x-request-id'];
  const id = typeof sent === 'string' && safe.test(sent) ? sent : randomUUID();
  ids.set(request, id);
  return id;
}

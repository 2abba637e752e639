import { createHash, timingSafeEqual } from 'node:crypto';
import { ApiError } from '@chainr/core/api/contract/errors';
import { headerNames } from '@chainr/core/api/contract/headers';
import type { RequestHandler } from 'express';
import { refuseForeignOrigin } from './same-origin.js';
import { targetOf, type Destination } from '../read-target.js';

/**
 * Guards a gate with a token: the API answers only requests that carry it. The pages contain no data and are open,
 * since a browser cannot send a header with its first request; the page asks for the token. Hashes are compared in
 * constant time, so that neither length nor content leaks.
 */
export function guardToken(token: string): RequestHandler {
  const expected = hash(token);
  const caller = hash(`caller:${token}`).toString('hex').slice(0, 16);
  return (request, _response, next) => {
    refuseForeignOrigin(request);
    if (open[targetOf(request).destination]) {
      delete request.headers.authorization;
      next();
      return;
    }
    const [, given] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (given === undefined)
      throw unauthorized('The request has no token. Send the header "Authorization: Bearer <token>".', '');
    if (!timingSafeEqual(hash(given), expected)) throw unauthorized('The token is wrong.', ', error="invalid_token"');
    delete request.headers.authorization;
    request.headers[headerNames.caller.toLowerCase()] = caller;
    next();
  };
}

/** What is answered without the token. Gate's own metrics would tell strangers too much. */
const open: Readonly<Record<Destination, boolean>> = {
  health: true,
  ui: true,
  metrics: false,
  sched: false,
  notif: false,
};

function unauthorized(message: string, parameters: string): ApiError {
  return new ApiError('Unauthorized', message, {
    headers: { 'WWW-Authenticate': `Bearer realm="chainr"${parameters}` },
  });
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

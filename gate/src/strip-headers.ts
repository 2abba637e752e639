import { headerNames } from '@chainr/core/api/contract/headers';
import type { RequestHandler } from 'express';

/** Only gate says who calls; nobody tells gate where a request came from. */
const untrusted = [headerNames.caller.toLowerCase(), 'forwarded', 'x-real-ip'];

/** They speak of the connection to gate, not of the request. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer', 'upgrade'];

/**
 * Removes what must not reach a service. `Expect` goes too: Node has already answered it, and the
 * proxy would skip its own hooks for a request that carries one.
 */
export function stripHeaders(): RequestHandler {
  return (request, _response, next) => {
    for (const name of Object.keys(request.headers)) {
      if (untrusted.includes(name) || hopByHop.includes(name) || name === 'expect' || name.startsWith('x-forwarded-')) {
        delete request.headers[name];
      }
    }
    next();
  };
}

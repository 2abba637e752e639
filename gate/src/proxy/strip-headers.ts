import { headerNames } from '@chainr/core/api/contract/headers';
import type { RequestHandler } from 'express';

/** Only gate names the caller, and a client cannot claim where its request came from. */
const untrusted = [headerNames.caller.toLowerCase(), 'forwarded', 'x-real-ip'];

/** Headers about the connection to gate, not about the request. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer', 'upgrade'];

/**
 * Removes headers that must not reach a service. `Expect` is removed too: Node has already answered it, and the proxy
 * would skip its own hooks for a request that carries one.
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

import { ApiError } from '@chainr/core/api/contract/errors';
import { headerNames } from '@chainr/core/api/contract/headers';
import type { Address } from '@chainr/core/service/address';
import type { RequestHandler } from 'express';
import { refuseForeignOrigin } from './same-origin.js';

/** The names of this machine, as a browser puts them into `Host`. */
const ownNames = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Guards a gate without a token. Any web page that the user visits can send requests to this machine, so the page's
 * origin must be gate's own. `Host` must name this machine, since a foreign name may be made to point here (DNS
 * rebinding), which makes a foreign page look like ours.
 */
export function guardLoopback(listen: Address): RequestHandler {
  const names = 'host' in listen ? [...ownNames, listen.host] : ownNames;
  return (request, _response, next) => {
    const [, name = ''] = /^(.*?)(?::\d{1,5})?$/.exec(request.headers.host?.toLowerCase() ?? '') ?? [];
    if (!names.includes(name)) {
      throw new ApiError('Forbidden', 'Without a token, gate answers only under localhost, 127.0.0.1 or [::1].');
    }
    refuseForeignOrigin(request);
    request.headers[headerNames.caller.toLowerCase()] = 'loopback';
    next();
  };
}

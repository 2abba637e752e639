import { ApiError } from '@chainr/core/api/errors';
import type { RequestHandler } from 'express';
import { maxTargetBytes } from './limits.js';

/** Refuses request targets that are too long, or whole addresses as only proxies get them. */
export function checkTarget(): RequestHandler {
  return (request, _response, next) => {
    if (Buffer.byteLength(request.url) > maxTargetBytes) {
      throw new ApiError('UriTooLong', `The address is longer than ${maxTargetBytes} bytes.`);
    }
    if (!request.originalUrl.startsWith('/')) {
      throw new ApiError('BadRequest', 'The request line must name a path that begins with a slash.');
    }
    next();
  };
}

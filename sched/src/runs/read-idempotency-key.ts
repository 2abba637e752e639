import type { IncomingMessage } from 'node:http';
import { ApiError } from '@chainr/core/api/contract/errors';
import { headerNames, visibleText } from '@chainr/core/api/contract/headers';
import type { RequestKey } from '@chainr/core/usecases/submit';

/** The scope of callers that did not come through gate. */
const directCaller = 'direct';

/**
 * The idempotency key of a request, in the scope of its caller (see Idempotency keys).
 *
 * @throws ApiError BadRequest for an invalid key
 */
export function readIdempotencyKey(request: IncomingMessage): RequestKey | undefined {
  const key = readHeader(request, headerNames.idempotencyKey);
  if (key === undefined) return undefined;
  return { key, scope: readHeader(request, headerNames.caller) ?? directCaller };
}

function readHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name.toLowerCase()];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && visibleText.test(value)) return value;
  const message = `${name} must be 1 to 255 visible ASCII characters without spaces.`;
  throw new ApiError('BadRequest', message, { details: [{ path: name, message }] });
}

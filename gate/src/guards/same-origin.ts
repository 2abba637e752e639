import { ApiError } from '@chainr/core/api/contract/errors';
import type { IncomingMessage } from 'node:http';

/**
 * Refuses requests from web pages of another origin. Browsers name the origin of requests that may change something;
 * tools name none.
 *
 * @throws ApiError Forbidden
 */
export function refuseForeignOrigin(request: IncomingMessage): void {
  const { origin, host } = request.headers;
  if (origin === undefined) return;
  const sameHost =
    URL.canParse(origin) &&
    URL.canParse(`http://${host ?? ''}`) &&
    hostOf(origin) === hostOf(`${schemeOf(origin)}//${host ?? ''}`);
  if (!sameHost) throw new ApiError('Forbidden', 'Requests from web pages of another origin are refused.');
}

function hostOf(url: string): string {
  return new URL(url).host;
}

/** Default ports differ by scheme, and a proxy in front of gate may end TLS. */
function schemeOf(origin: string): string {
  return new URL(origin).protocol === 'https:' ? 'https:' : 'http:';
}

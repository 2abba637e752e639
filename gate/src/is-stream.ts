import type { IncomingMessage } from 'node:http';
import { ndjson } from '@chainr/core/api/contract/route-parts';
import { targetOf } from './read-target.js';
import { routesAt } from './routes-at.js';

/** Whether an answer may last long, such as a followed log or events. */
export function isStream(request: IncomingMessage): boolean {
  const { path, destination } = targetOf(request);
  if (destination === 'ui' || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
  return routesAt(path).some(({ method, success }) => method === 'GET' && success.contentTypes.includes(ndjson));
}

import type { Route } from '@chainr/core/api/contract/route';
import { ndjson } from '@chainr/core/api/contract/route-parts';
import { routes } from '@chainr/core/api/contract/routes';
import type { IncomingMessage } from 'node:http';
import { targetOf } from './read-target.js';

const known = Object.values<Route>(routes).map((route) => ({ route, parts: partsOf(route.path) }));

/**
 * The routes that a path may mean, however lenient the service is about slashes and the case of letters. Routes with a
 * literal name go before those with a parameter in its place.
 */
export function routesAt(path: string): Route[] {
  const asked = partsOf(path.toLowerCase());
  const fits = (parts: readonly string[]): boolean =>
    parts.length === asked.length && parts.every((part, at) => part.startsWith('{') || part === asked[at]);
  const fitting = known.filter(({ parts }) => fits(parts));
  const named = fitting.filter(({ parts }) => !parts.some((part) => part.startsWith('{')));
  return (named.length > 0 ? named : fitting).map(({ route }) => route);
}

/** Whether an answer may last long, such as a followed log or events. */
export function isStream(request: IncomingMessage): boolean {
  const { path, destination } = targetOf(request);
  if (destination === 'ui' || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
  return routesAt(path).some(({ method, success }) => method === 'GET' && success.contentTypes.includes(ndjson));
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

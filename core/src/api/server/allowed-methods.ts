import type { Route } from '../contract/route.js';

/** What `Allow` names at an address, by the methods of the routes there. */
export function allowedMethods(methods: readonly Route['method'][]): string[] {
  return [...methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])), 'OPTIONS'];
}

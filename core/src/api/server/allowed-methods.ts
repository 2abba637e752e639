import type { Route } from '../contract/route.js';

/** The value of `Allow` for an address that has routes with these methods. */
export function allowedMethods(methods: readonly Route['method'][]): string[] {
  return [...methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])), 'OPTIONS'];
}

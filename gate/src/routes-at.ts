import type { Route } from '@chainr/core/api/route';
import { routes } from '@chainr/core/api/routes';

const known = Object.values<Route>(routes).map((route) => ({ route, parts: partsOf(route.path) }));

/** The routes that a path may mean, however lenient the service behind is about slashes and the case of letters. */
export function routesAt(path: string): Route[] {
  const asked = partsOf(path.toLowerCase());
  const fits = (parts: readonly string[]): boolean =>
    parts.length === asked.length && parts.every((part, at) => part.startsWith('{') || part === asked[at]);
  return known.filter(({ parts }) => fits(parts)).map(({ route }) => route);
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

import type { Express, Request, Response } from 'express';
import { allowedMethods } from '@chainr/core/api/server/allowed-methods';
import { readParams } from '@chainr/core/api/server/read-params';
import { readQuery } from '@chainr/core/api/server/read-query';
import type { ParamsOf, QueryOf, Route } from '@chainr/core/api/contract/route';
import { methodNotAllowed } from '@chainr/core/service/express-errors';

/** One request to a route, with its address checked. */
export interface RouteCall<R extends Route> {
  params: ParamsOf<R>;
  query: QueryOf<R>;
  request: Request;
  response: Response;
}

/** A route with its handler. */
export interface ServedRoute {
  readonly method: Route['method'];
  readonly path: string;
  handle(request: Request, response: Response): Promise<void>;
}

/** Connects a handler to its route. It gets the parameters and query as the route's schemas return them. */
export function served<R extends Route>(route: R, answer: (call: RouteCall<R>) => Promise<void> | void): ServedRoute {
  return {
    method: route.method,
    path: route.path,
    handle: async (request, response) => {
      const params = readParams<R['params']>(route.params, request.params);
      const query = readQuery<R['query']>(route.query, request.url);
      await answer({ params, query, request, response });
    },
  };
}

/** Express' names of the methods. */
const verbs = { GET: 'get', POST: 'post', DELETE: 'delete' } as const satisfies Record<Route['method'], string>;

/** Serves each route at its address, and answers OPTIONS and all other methods there. */
export function serveRoutes(app: Express, served: readonly ServedRoute[]): void {
  for (const path of new Set(served.map((route) => route.path))) {
    const here = served.filter((route) => route.path === path);
    const address = app.route(path.replace(/\{(\w+)\}/g, ':$1'));
    const allowed = allowedMethods(here.map(({ method }) => method));
    for (const route of here) address[verbs[route.method]]((request, response) => route.handle(request, response));
    address.options((_request, response) => {
      response.status(204).set('Allow', allowed.join(', ')).end();
    });
    address.all(methodNotAllowed(...allowed));
  }
}

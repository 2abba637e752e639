import type { z } from 'zod';
import type { ErrorCode } from './errors.js';

/** Headers with their form and meaning. An optional header is not always sent. All values are text. */
export type HeaderSchemas = Readonly<Record<string, z.ZodType>>;

interface Success<S extends z.ZodType> {
  status: 200 | 202;
  doc: string;
  /** The first is sent unless `Accept` asks for another. */
  contentTypes: readonly [string, ...string[]];
  /** The schema of the body, or of one line if the type is NDJSON. */
  schema: S;
  headers?: HeaderSchemas;
}

/**
 * One operation of the API, and the only place that says what it takes and answers. Sched validates by it, the OpenAPI
 * document is printed from it, and the client takes its types from it.
 */
export interface Route<
  P extends z.ZodObject = z.ZodObject,
  Q extends z.ZodObject = z.ZodObject,
  S extends z.ZodType = z.ZodType,
> {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With parameters in braces, such as `/api/runs/{uid}`. */
  readonly path: string;
  readonly summary: string;
  readonly params: P;
  readonly query: Q;
  readonly headers?: HeaderSchemas;
  /** The request's body is a pipeline. */
  readonly takesPipeline?: true;
  /** The answer's body is a pipeline as it was sent; `schema` describes its text. */
  readonly givesPipeline?: true;
  /** The JSON body of the request. An empty body counts as `{}`. */
  readonly body?: z.ZodType;
  readonly success: Success<S>;
  /** The errors of this route, beyond those of every route. */
  readonly errors: readonly ErrorCode[];
}

/** The parameters in a route's address, as a caller passes them. */
export type ParamsOf<R extends Route> = z.output<R['params']>;
/** The query of a route, as a handler gets it. */
export type QueryOf<R extends Route> = z.output<R['query']>;
export type BodyOf<R extends Route> = z.output<R['success']['schema']>;

export function defineRoute<P extends z.ZodObject, Q extends z.ZodObject, S extends z.ZodType>(
  route: Route<P, Q, S>,
): Route<P, Q, S> {
  return route;
}

/** The path of a route with its parameters filled in. */
export function routePath<R extends Route>(route: R, params: ParamsOf<R>): string {
  const values: Readonly<Record<string, unknown>> = params;
  return route.path.replace(/\{(\w+)\}/g, (_braces, name: string) => encodeURIComponent(String(values[name])));
}

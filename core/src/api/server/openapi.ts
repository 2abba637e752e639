import { z } from 'zod';
import { pipelineJsonSchema } from '../../pipeline/schema/pipeline-schema.js';
import { pipelineContentTypes } from '../../pipeline/content-types.js';
import { errorBodySchema, errorCodes, type ErrorCode } from '../contract/errors.js';
import { headerNames } from '../contract/headers.js';
import { emptyBodySchema } from '../contract/request-bodies.js';
import { json, ndjson } from '../contract/route-parts.js';
import type { HeaderSchemas, Route } from '../contract/route.js';
import { routes } from '../contract/routes.js';

type Json = Record<string, unknown>;

/** The errors that any route may answer with. */
export const errorsEverywhere: readonly ErrorCode[] = [
  'BadRequest',
  'Unauthorized',
  'Forbidden',
  'MethodNotAllowed',
  'RequestTimeout',
  'TooLarge',
  'UriTooLong',
  'TooManyConnections',
  'Internal',
  'Unavailable',
];

const mayBeEmpty = 'An empty body counts as `{}`; the `Content-Type` is still required.';
const noFields = `\`{}\`; there are no fields. ${mayBeEmpty}`;

/** Headers of every answer. */
const everyAnswer: HeaderSchemas = {
  [headerNames.requestId]: z.string().describe('The id of the request: the one that was sent, or a new one.'),
  'Cache-Control': z.literal('no-store').describe('Responses must not be cached.'),
};

const retryAfter: HeaderSchemas = {
  'Retry-After': z.string().regex(/^\d+$/).describe('Seconds to wait before trying again.'),
};

/** Headers of error answers, by HTTP status (RFC 9110, sections 10.2.1, 10.2.3 and 11.6.1). */
const errorHeaders: Readonly<Record<number, HeaderSchemas>> = {
  401: { 'WWW-Authenticate': z.string().describe('How to authenticate: with a token as `Bearer`.') },
  405: { Allow: z.string().describe('The methods that the path supports.') },
  429: retryAfter,
  503: retryAfter,
};

/** The description of the whole API as OpenAPI 3.1, made from the table of routes. */
export function openApiDocument(version: string): Json {
  const printer = new SchemaPrinter();
  const paths: Record<string, Json> = {};
  for (const route of Object.values<Route>(routes))
    (paths[route.path] ??= {})[route.method.toLowerCase()] = describeRoute(route, printer);
  printer.print(errorBodySchema); // No route names it, every route refers to it.
  return {
    openapi: '3.1.0',
    info: {
      title: 'chainr',
      version,
      description: 'Runs pipelines of container jobs. Every time is ISO 8601 in UTC. Every error is an `Error`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: { Pipeline: { ...pipelineJsonSchema() }, ...printer.components },
      headers: describeHeaders(everyAnswer, printer),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Required if the server was given a token.' },
      },
    },
    security: [{}, { token: [] }],
  };
}

function describeRoute(route: Route, printer: SchemaPrinter): Json {
  const { success } = route;
  return {
    operationId: route.id,
    summary: route.summary,
    parameters: [
      ...parametersOf('path', route.params.shape, printer),
      ...parametersOf('query', route.query.shape, printer),
      ...parametersOf('header', route.headers ?? {}, printer),
    ],
    ...(route.takesPipeline ? { requestBody: pipelineBody() } : {}),
    ...(route.body ? { requestBody: jsonBody(route.body, printer) } : {}),
    responses: {
      [success.status]: {
        description: success.doc,
        headers: { ...headersOfAll, ...describeHeaders(success.headers ?? {}, printer) },
        content: Object.fromEntries(
          success.contentTypes.map((type) => [type, { schema: bodySchema(route, type, printer) }]),
        ),
      },
      ...errorResponses([...errorsEverywhere, ...route.errors], printer),
    },
  };
}

function bodySchema(route: Route, contentType: string, printer: SchemaPrinter): Json {
  const isText = contentType !== json[0] && contentType !== ndjson;
  if (isText) return { type: 'string' };
  return route.givesPipeline ? pipelineReference : printer.print(route.success.schema);
}

type Place = 'path' | 'query' | 'header';

function parametersOf(
  place: Place,
  schemas: Readonly<Record<string, z.core.$ZodType>>,
  printer: SchemaPrinter,
): Json[] {
  return Object.entries(schemas).map(([name, schema]) => ({ name, in: place, ...describe(schema, printer) }));
}

function describeHeaders(headers: HeaderSchemas, printer: SchemaPrinter): Record<string, Json> {
  return Object.fromEntries(Object.entries(headers).map(([name, schema]) => [name, describe(schema, printer)]));
}

/** The part that parameters and headers have in common. */
function describe(schema: z.core.$ZodType, printer: SchemaPrinter): Json {
  const { description, ...rest } = printer.print(schema);
  const required = !z.safeParse(schema, undefined).success;
  return { required, ...(description === undefined ? {} : { description }), schema: rest };
}

const headersOfAll = Object.fromEntries(
  Object.keys(everyAnswer).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);

const pipelineReference: Json = { $ref: '#/components/schemas/Pipeline' };

function pipelineBody(): Json {
  return {
    required: true,
    description: 'In UTF-8. The header `Content-Type` names the format.',
    content: Object.fromEntries(pipelineContentTypes.map((type) => [type, { schema: pipelineReference }])),
  };
}

/** The body is required because its content type is: gate refuses requests that any web page could send. */
function jsonBody(body: z.ZodType, printer: SchemaPrinter): Json {
  const content = { [json[0]]: { schema: printer.print(body, asTaken) } };
  return { required: true, description: body === emptyBodySchema ? noFields : mayBeEmpty, content };
}

/** One response for each HTTP status. Its description lists the codes with that status. */
function errorResponses(codes: readonly ErrorCode[], printer: SchemaPrinter): Json {
  const distinct = [...new Set(codes)];
  const statuses = new Set(distinct.map((code) => errorCodes[code].status));
  const describeCodes = (status: number): string =>
    distinct
      .filter((code) => errorCodes[code].status === status)
      .map((code) => `\`${code}\`: ${errorCodes[code].doc}`)
      .join(' ');
  const content = { [json[0]]: { schema: { $ref: '#/components/schemas/Error' } } };
  return Object.fromEntries(
    [...statuses].map((status) => {
      const headers = { ...headersOfAll, ...describeHeaders(errorHeaders[status] ?? {}, printer) };
      return [status, { description: describeCodes(status), headers, content }];
    }),
  );
}

/** Collects the schemas that have an id, each once. */
class SchemaPrinter {
  readonly components: Record<string, Json> = {};

  print(schema: z.core.$ZodType, override = asGiven): Json {
    const text = JSON.stringify(z.toJSONSchema(schema, { io: 'output', override })).replaceAll(
      '"#/$defs/',
      '"#/components/schemas/',
    );
    const { $schema: _dialect, $defs = {}, ...rest } = JSON.parse(text) as Json & { $defs?: Record<string, Json> };
    Object.assign(this.components, $defs);
    return rest;
  }
}

interface Printed {
  jsonSchema: { additionalProperties?: unknown; required?: string[]; properties?: Record<string, unknown> };
}

/** A later version may add fields to an answer. Clients must not refuse them. */
function asGiven({ jsonSchema }: Printed): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}

/** Zod prints a body as it is after reading, where defaults are filled in. A field with a default need not be sent. */
function asTaken({ jsonSchema }: Printed): void {
  const { required = [], properties = {} } = jsonSchema;
  const needed = required.filter((name) => !hasDefault(properties[name]));
  if (needed.length > 0) jsonSchema.required = needed;
  else delete jsonSchema.required;
}

const hasDefault = (schema: unknown): boolean => typeof schema === 'object' && schema !== null && 'default' in schema;

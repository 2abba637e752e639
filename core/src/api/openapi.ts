import { z } from 'zod';
import { pipelineJsonSchema } from '../model/pipeline-schema.js';
import { pipelineContentTypes } from '../model/content-types.js';
import { errorBodySchema, errorCodes, type ErrorCode } from './errors.js';
import { emptyBodySchema } from './request-bodies.js';
import { ndjson } from './route-parts.js';
import type { HeaderDocs, Route } from './route.js';
import { routes } from './routes.js';

type Json = Record<string, unknown>;

/** The errors that any route may answer with. */
export const errorsEverywhere: readonly ErrorCode[] = [
  'BadRequest',
  'Unauthorized',
  'Forbidden',
  'MethodNotAllowed',
  'RequestTimeout',
  'UriTooLong',
  'TooManyConnections',
  'Internal',
  'Unavailable',
];

const noFields = 'Empty or `{}`: it has no field. The header `Content-Type` is needed all the same.';
const mayBeEmpty = 'An empty one stands for `{}`. The header `Content-Type` is needed all the same.';

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
      description:
        'Runs pipelines of container jobs. Every time is ISO 8601 in UTC. Every error has the form of `Error`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: { Pipeline: { ...pipelineJsonSchema() }, ...printer.components },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Needed where the server was given a token.' },
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
      ...parametersOf('path', route.params, printer),
      ...parametersOf('query', route.query, printer),
      ...headerParameters(route.headers),
    ],
    ...(route.takesPipeline ? { requestBody: pipelineBody() } : {}),
    ...(route.body ? { requestBody: jsonBody(route.body, printer) } : {}),
    responses: {
      [success.status]: {
        description: success.doc,
        ...(success.headers ? { headers: mapHeaders(success.headers) } : {}),
        content: Object.fromEntries(
          success.contentTypes.map((type) => [type, { schema: bodySchema(route, type, printer) }]),
        ),
      },
      ...errorResponses([...errorsEverywhere, ...route.errors]),
    },
  };
}

function bodySchema(route: Route, contentType: string, printer: SchemaPrinter): Json {
  const isText = contentType !== 'application/json' && contentType !== ndjson;
  return isText ? { type: 'string' } : printer.print(route.success.schema);
}

function parametersOf(place: 'path' | 'query', schema: z.ZodObject, printer: SchemaPrinter): Json[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const { description, ...rest } = printer.print(field as z.ZodType);
    const required = place === 'path' || !(field as z.ZodType).safeParse(undefined).success;
    return { name, in: place, required, ...(description === undefined ? {} : { description }), schema: rest };
  });
}

function headerParameters(headers: HeaderDocs = {}): Json[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
}

function mapHeaders(headers: HeaderDocs): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  );
}

function pipelineBody(): Json {
  const schema = { $ref: '#/components/schemas/Pipeline' };
  return {
    required: true,
    description: 'In UTF-8. The header `Content-Type` says which of them it is.',
    content: Object.fromEntries(pipelineContentTypes.map((type) => [type, { schema }])),
  };
}

function jsonBody(body: z.ZodType, printer: SchemaPrinter): Json {
  const content = { 'application/json': { schema: printer.print(body) } };
  return { required: false, description: body === emptyBodySchema ? noFields : mayBeEmpty, content };
}

/** One response for each HTTP status; its description lists the codes that come with it. */
function errorResponses(codes: readonly ErrorCode[]): Json {
  const distinct = [...new Set(codes)];
  const statuses = new Set(distinct.map((code) => errorCodes[code].status));
  const describe = (status: number): string =>
    distinct
      .filter((code) => errorCodes[code].status === status)
      .map((code) => `\`${code}\`: ${errorCodes[code].doc}`)
      .join(' ');
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  return Object.fromEntries([...statuses].map((status) => [status, { description: describe(status), content }]));
}

/** Schemas with an id are told apart by it and stand in one place. */
class SchemaPrinter {
  readonly components: Record<string, Json> = {};

  print(schema: z.ZodType): Json {
    const text = JSON.stringify(z.toJSONSchema(schema, { io: 'output', override: allowNewFields })).replaceAll(
      '"#/$defs/',
      '"#/components/schemas/',
    );
    const { $schema: _dialect, $defs = {}, ...rest } = JSON.parse(text) as Json & { $defs?: Record<string, Json> };
    Object.assign(this.components, $defs);
    return rest;
  }
}

/** A later version may add fields to an answer; who reads it must not refuse them. */
function allowNewFields({ jsonSchema }: { jsonSchema: Json }): void {
  if (jsonSchema['additionalProperties'] === false) delete jsonSchema['additionalProperties'];
}

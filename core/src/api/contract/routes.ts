import { z } from 'zod';
import { cursorPattern } from '../../engine/records.js';
import { eventLineSchema } from './event-resource.js';
import { truth, wholeNumber } from './field-schemas.js';
import { headerNames } from './headers.js';
import { json, ndjson, nothing } from './route-parts.js';
import { defineRoute } from './route.js';
import { pipelineCheckSchema, resourceListSchema } from './run-resource.js';
import { runRoutes } from './run-routes.js';
import { bulkRoutes } from './bulk-routes.js';
import { jobRoutes } from './job-routes.js';
import { adminRoutes } from './admin-routes.js';

/** Every operation of the API. Notif serves `readEvents`, sched all others. */
export const routes = {
  listResources: defineRoute({
    id: 'listResources',
    method: 'GET',
    path: '/api',
    summary: 'Lists the resources of the API.',
    params: nothing,
    query: nothing,
    success: { status: 200, doc: 'The resources.', contentTypes: json, schema: resourceListSchema },
    errors: [],
  }),
  getOpenApi: defineRoute({
    id: 'getOpenApi',
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'Returns the OpenAPI 3.1 description of this API.',
    params: nothing,
    query: nothing,
    success: { status: 200, doc: 'The document.', contentTypes: json, schema: z.record(z.string(), z.unknown()) },
    errors: [],
  }),
  ...runRoutes,
  ...bulkRoutes,
  ...jobRoutes,
  validatePipeline: defineRoute({
    id: 'validatePipeline',
    method: 'POST',
    path: '/api/pipelines/validate',
    summary: 'Checks a pipeline and stores nothing.',
    params: nothing,
    query: nothing,
    takesPipeline: true,
    success: {
      status: 200,
      doc: 'The pipeline is valid; there may be warnings.',
      contentTypes: json,
      schema: pipelineCheckSchema,
    },
    errors: ['UnsupportedMediaType'],
  }),
  readEvents: defineRoute({
    id: 'readEvents',
    method: 'GET',
    path: '/api/events',
    summary: 'Reads the events of all runs, in order, from a cursor.',
    params: nothing,
    query: z.strictObject({
      after: z
        .string()
        .regex(
          new RegExp(`${cursorPattern.source}|^latest$`),
          'must be the cursor of an event, such as 1763690000000-0, or latest',
        )
        .optional()
        .describe(
          'Return events after this cursor. `latest` is the end of the stream. Default: start with the oldest kept event.',
        ),
      follow: truth
        .default(false)
        .describe('Keep sending new events. The server sends an empty line every 15 seconds as a keep-alive.'),
      limit: wholeNumber(1, 10_000)
        .optional()
        .describe(
          'Maximum number of events. Default: 1,000. With `follow`, the stream ends after this number; by default it does not end.',
        ),
    }),
    success: {
      status: 200,
      doc: 'One event per line.',
      contentTypes: [ndjson],
      schema: eventLineSchema,
      headers: {
        [headerNames.cursor]: z
          .string()
          .regex(cursorPattern)
          .describe(
            'The cursor to continue from: the end of the page or, with `follow`, the cursor after which the stream began.',
          ),
      },
    },
    errors: [],
  }),
  ...adminRoutes,
} as const;

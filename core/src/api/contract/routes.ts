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

/** Every operation of the API. Sched serves all but `readEvents`, which is notif's. */
export const routes = {
  listResources: defineRoute({
    id: 'listResources',
    method: 'GET',
    path: '/api',
    summary: 'Names the resources of the API.',
    params: nothing,
    query: nothing,
    success: { status: 200, doc: 'The resources.', contentTypes: json, schema: resourceListSchema },
    errors: [],
  }),
  getOpenApi: defineRoute({
    id: 'getOpenApi',
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This description of the API, as OpenAPI 3.1.',
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
      doc: 'It would be accepted, perhaps with warnings.',
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
          'The cursor of the last event seen, or `latest` for the end of the stream; the oldest kept event comes first if left out.',
        ),
      follow: truth
        .default(false)
        .describe('Go on with what comes; an empty line each 15 seconds shows that the server is there.'),
      limit: wholeNumber(1, 10_000)
        .optional()
        .describe('How many events at most: 1,000 if left out; with `follow`, it ends after so many.'),
    }),
    success: {
      status: 200,
      doc: 'One event a line.',
      contentTypes: [ndjson],
      schema: eventLineSchema,
      headers: {
        [headerNames.cursor]: z
          .string()
          .regex(cursorPattern)
          .describe('Where to go on: the cursor after the page or, with `follow`, the one that it began after.'),
      },
    },
    errors: [],
  }),
  ...adminRoutes,
} as const;

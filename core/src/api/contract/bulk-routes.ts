import { z } from 'zod';
import { bulkResultSchema } from './bulk-resource.js';
import { pageCursor, truth } from './field-schemas.js';
import { headerNames, idempotencyKeySchema } from './headers.js';
import { bulkRerunRequestSchema, emptyBodySchema } from './request-bodies.js';
import { json, nothing } from './route-parts.js';
import { defineRoute } from './route.js';
import { runFilterFields } from './run-query.js';

/** The query that all bulk operations share. */
const bulkQuery = z.strictObject({
  ...runFilterFields,
  all: truth.default(false).describe('Selects all runs. Required if no filter is given.'),
  dryRun: truth.default(false).describe('Change nothing; only report what would be done.'),
  cursor: pageCursor.optional().describe('The `next` of the previous response.'),
});

/** Operations on all runs that a filter selects. */
export const bulkRoutes = {
  cancelRuns: defineRoute({
    id: 'cancelRuns',
    method: 'POST',
    path: '/api/runs/cancel',
    summary: 'Cancels the runs that match a filter and have not ended, up to 500 per request.',
    params: nothing,
    query: bulkQuery,
    body: emptyBodySchema,
    success: { status: 200, doc: 'What was canceled.', contentTypes: json, schema: bulkResultSchema },
    errors: ['UnsupportedMediaType'],
  }),
  rerunRuns: defineRoute({
    id: 'rerunRuns',
    method: 'POST',
    path: '/api/runs/rerun',
    summary: 'Reruns the runs that match a filter, up to 500 per request.',
    params: nothing,
    query: bulkQuery,
    headers: {
      [headerNames.idempotencyKey]: idempotencyKeySchema
        .optional()
        .describe('Same as for `POST /api/runs`: repeating the request makes no run twice.'),
    },
    body: bulkRerunRequestSchema,
    success: { status: 200, doc: 'What was rerun.', contentTypes: json, schema: bulkResultSchema },
    errors: ['StoreFull', 'UnsupportedMediaType'],
  }),
  deleteRuns: defineRoute({
    id: 'deleteRuns',
    method: 'DELETE',
    path: '/api/runs',
    summary: 'Deletes the runs that match a filter and have ended, up to 500 per request.',
    params: nothing,
    query: bulkQuery,
    success: { status: 200, doc: 'What was deleted.', contentTypes: json, schema: bulkResultSchema },
    errors: [],
  }),
} as const;

import { z } from 'zod';
import { bulkResultSchema } from './bulk-resource.js';
import { pageCursor, truth } from './field-schemas.js';
import { headerNames, idempotencyKeySchema } from './headers.js';
import { bulkRerunRequestSchema, emptyBodySchema } from './request-bodies.js';
import { json, nothing } from './route-parts.js';
import { defineRoute } from './route.js';
import { runFilterFields } from './run-query.js';

/** Of what is done to many runs at once. */
const bulkQuery = z.strictObject({
  ...runFilterFields,
  all: truth.default(false).describe('Means every run, where nothing else says which.'),
  dryRun: truth.default(false).describe('Do nothing, and tell what would be done.'),
  cursor: pageCursor.optional().describe('The `next` of the answer before.'),
});

/** What is done to all runs that a filter means. */
export const bulkRoutes = {
  cancelRuns: defineRoute({
    id: 'cancelRuns',
    method: 'POST',
    path: '/api/runs/cancel',
    summary: 'Cancels the runs that a filter means and that have not ended, up to 500 in a request.',
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
    summary: 'Reruns the runs that a filter means, up to 500 in a request.',
    params: nothing,
    query: bulkQuery,
    headers: {
      [headerNames.idempotencyKey]: idempotencyKeySchema
        .optional()
        .describe('As of `POST /api/runs`: sent again it makes no run twice.'),
    },
    body: bulkRerunRequestSchema,
    success: { status: 200, doc: 'What was rerun.', contentTypes: json, schema: bulkResultSchema },
    errors: ['StoreFull', 'UnsupportedMediaType'],
  }),
  deleteRuns: defineRoute({
    id: 'deleteRuns',
    method: 'DELETE',
    path: '/api/runs',
    summary: 'Deletes the runs that a filter means and that have ended, up to 500 in a request.',
    params: nothing,
    query: bulkQuery,
    success: { status: 200, doc: 'What was deleted.', contentTypes: json, schema: bulkResultSchema },
    errors: [],
  }),
} as const;

import { z } from 'zod';
import { pipelineContentTypes } from '../../pipeline/content-types.js';
import { deletionSchema } from './bulk-resource.js';
import { pageCursor, wholeNumber } from './field-schemas.js';
import { headerNames, idempotencyKeySchema } from './headers.js';
import { emptyBodySchema, rerunRequestSchema } from './request-bodies.js';
import { json, nothing, ofRun } from './route-parts.js';
import { defineRoute } from './route.js';
import { externalIdSchema, runFilterFields } from './run-query.js';
import { runListSchema, runSchema } from './run-resource.js';
import { timelineSchema } from './timeline-resource.js';

const locationSchema = z.string().regex(/^\/api\/runs\/[-0-9a-f]{36}$/);

/** Creating, listing and changing runs. */
export const runRoutes = {
  createRun: defineRoute({
    id: 'createRun',
    method: 'POST',
    path: '/api/runs',
    summary: 'Checks a pipeline and runs it.',
    params: nothing,
    query: z.strictObject({
      externalId: externalIdSchema
        .optional()
        .describe(
          'An id of yours for the run, 1 to 255 visible ASCII characters. No two runs have the same. While that run is kept, repeating the request with the same pipeline returns it in its current state; another pipeline is refused with 409.',
        ),
    }),
    headers: {
      [headerNames.idempotencyKey]: idempotencyKeySchema
        .optional()
        .describe(
          '1 to 255 visible ASCII characters, kept for 24 hours. Repeating a request with the same key and body returns the run that the first request made, in its current state, or 410 if that run was deleted.',
        ),
    },
    takesPipeline: true,
    success: {
      status: 202,
      doc: 'The run is stored and will be run.',
      contentTypes: json,
      schema: runSchema,
      headers: { Location: locationSchema.describe('The address of the run.') },
    },
    errors: ['Conflict', 'Gone', 'UnsupportedMediaType', 'StoreFull'],
  }),
  listRuns: defineRoute({
    id: 'listRuns',
    method: 'GET',
    path: '/api/runs',
    summary: 'Lists the runs, newest first.',
    params: nothing,
    query: z.strictObject({
      ...runFilterFields,
      limit: wholeNumber(1, 100).default(20).describe('Maximum number of runs per page.'),
      cursor: pageCursor.optional(),
    }),
    success: { status: 200, doc: 'One page of runs.', contentTypes: json, schema: runListSchema },
    errors: [],
  }),
  getRun: defineRoute({
    id: 'getRun',
    method: 'GET',
    path: '/api/runs/{uid}',
    summary: 'Shows a run with its first 1,000 jobs.',
    params: ofRun,
    query: nothing,
    success: { status: 200, doc: 'The run.', contentTypes: json, schema: runSchema },
    errors: ['NotFound'],
  }),
  deleteRun: defineRoute({
    id: 'deleteRun',
    method: 'DELETE',
    path: '/api/runs/{uid}',
    summary: 'Deletes a run that has ended, with its logs.',
    params: ofRun,
    query: nothing,
    success: { status: 200, doc: 'The run is deleted.', contentTypes: json, schema: deletionSchema },
    errors: ['NotFound', 'Conflict'],
  }),
  cancelRun: defineRoute({
    id: 'cancelRun',
    method: 'POST',
    path: '/api/runs/{uid}/cancel',
    summary:
      'Cancels a run: waiting jobs are CANCELED, running jobs are stopped. A run that has ended does not change.',
    params: ofRun,
    query: nothing,
    body: emptyBodySchema,
    success: { status: 200, doc: 'The run in its current state.', contentTypes: json, schema: runSchema },
    errors: ['NotFound', 'UnsupportedMediaType'],
  }),
  rerunRun: defineRoute({
    id: 'rerunRun',
    method: 'POST',
    path: '/api/runs/{uid}/rerun',
    summary: 'Makes a new run of the same pipeline that reuses the results of successful jobs.',
    params: ofRun,
    query: nothing,
    headers: {
      [headerNames.idempotencyKey]: idempotencyKeySchema.optional().describe('Same as for `POST /api/runs`.'),
    },
    body: rerunRequestSchema,
    success: {
      status: 202,
      doc: 'The new run is stored and will be run.',
      contentTypes: json,
      schema: runSchema,
      headers: { Location: locationSchema.describe('The address of the new run.') },
    },
    errors: ['NotFound', 'Conflict', 'Gone', 'StoreFull', 'UnsupportedMediaType'],
  }),
  getPipeline: defineRoute({
    id: 'getPipeline',
    method: 'GET',
    path: '/api/runs/{uid}/pipeline',
    summary: 'Returns the pipeline of a run exactly as it was sent, with its content type.',
    params: ofRun,
    query: nothing,
    givesPipeline: true,
    success: {
      status: 200,
      doc: 'The pipeline.',
      contentTypes: pipelineContentTypes,
      schema: z.string(),
    },
    errors: ['NotFound'],
  }),
  getTimeline: defineRoute({
    id: 'getTimeline',
    method: 'GET',
    path: '/api/runs/{uid}/timeline',
    summary:
      'Shows where the time of a run went: the phases of each attempt, the critical path and the share of each kind of time.',
    params: ofRun,
    query: z.strictObject({
      limit: wholeNumber(1, 1000).default(100).describe('Maximum number of jobs per page.'),
      cursor: pageCursor.optional(),
    }),
    success: {
      status: 200,
      doc: 'The summary, and one page of jobs.',
      contentTypes: json,
      schema: timelineSchema,
    },
    errors: ['NotFound'],
  }),
} as const;

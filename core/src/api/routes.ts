import { z } from 'zod';
import { bulkResultSchema, deletionSchema } from './bulk-resource.js';
import { jobExplanationSchema } from './explanation-resource.js';
import { eventLineSchema } from './event-resource.js';
import { jobNameSchema, pageCursor, runUidSchema, truth, wholeNumber } from './field-schemas.js';
import { headerNames } from './headers.js';
import { jobSchema, logLineSchema } from './job-resource.js';
import { bulkRerunRequestSchema, emptyBodySchema, rerunRequestSchema } from './request-bodies.js';
import { defineRoute } from './route.js';
import { jobListSchema, pipelineCheckSchema, resourceListSchema, runListSchema, runSchema } from './run-resource.js';
import { runFilterFields } from './run-query.js';
import { timelineSchema } from './timeline-resource.js';
import { workerListSchema } from './worker-resource.js';

const json = ['application/json'] as const;
export const ndjson = 'application/x-ndjson';
export const plainText = 'text/plain';

const nothing = z.strictObject({});
const ofRun = z.object({ uid: runUidSchema });
const ofWorker = z.object({ worker: z.string().regex(/^[\w.-]{1,255}$/) });
const ofJob = z.object({ uid: runUidSchema, job: jobNameSchema });

/** Of what is done to many runs at once. */
const bulkQuery = z.strictObject({
  ...runFilterFields,
  all: truth.default(false).describe('Means every run, where nothing else says which.'),
  dryRun: truth.default(false).describe('Do nothing, and tell what would be done.'),
  cursor: pageCursor.optional().describe('The `next` of the answer before.'),
});

/** How many jobs of a run one answer shows at most: alone, and in a list of runs. */
export const jobsShown = { alone: 1000, inLists: 100 } as const;

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
  createRun: defineRoute({
    id: 'createRun',
    method: 'POST',
    path: '/api/runs',
    summary: 'Checks a pipeline and runs it.',
    params: nothing,
    query: nothing,
    headers: {
      [headerNames.idempotencyKey]:
        '1 to 255 visible ASCII characters, kept for 24 hours: the same key with the same body answers with the run that it made, as it is now.',
    },
    takesPipeline: true,
    success: {
      status: 202,
      doc: 'The run is stored and will be run.',
      contentTypes: json,
      schema: runSchema,
      headers: { Location: 'The address of the run.' },
    },
    errors: ['BadRequest', 'Conflict', 'TooLarge', 'UnsupportedMediaType', 'StoreFull'],
  }),
  listRuns: defineRoute({
    id: 'listRuns',
    method: 'GET',
    path: '/api/runs',
    summary: 'Lists the runs, newest first.',
    params: nothing,
    query: z.strictObject({
      ...runFilterFields,
      limit: wholeNumber(1, 100).default(20),
      cursor: pageCursor.optional(),
    }),
    success: { status: 200, doc: 'One page of runs.', contentTypes: json, schema: runListSchema },
    errors: ['BadRequest'],
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
    success: { status: 200, doc: 'The run is gone.', contentTypes: json, schema: deletionSchema },
    errors: ['NotFound', 'Conflict'],
  }),
  cancelRuns: defineRoute({
    id: 'cancelRuns',
    method: 'POST',
    path: '/api/runs/cancel',
    summary: 'Cancels the runs that a filter means and that have not ended, up to 500 in a request.',
    params: nothing,
    query: bulkQuery,
    body: emptyBodySchema,
    success: { status: 200, doc: 'What was canceled.', contentTypes: json, schema: bulkResultSchema },
    errors: ['BadRequest'],
  }),
  rerunRuns: defineRoute({
    id: 'rerunRuns',
    method: 'POST',
    path: '/api/runs/rerun',
    summary: 'Reruns the runs that a filter means, up to 500 in a request.',
    params: nothing,
    query: bulkQuery,
    headers: {
      [headerNames.idempotencyKey]: 'As of `POST /api/runs`: sent again it makes no run twice.',
    },
    body: bulkRerunRequestSchema,
    success: { status: 200, doc: 'What was rerun.', contentTypes: json, schema: bulkResultSchema },
    errors: ['BadRequest', 'StoreFull'],
  }),
  deleteRuns: defineRoute({
    id: 'deleteRuns',
    method: 'DELETE',
    path: '/api/runs',
    summary: 'Deletes the runs that a filter means and that have ended, up to 500 in a request.',
    params: nothing,
    query: bulkQuery,
    success: { status: 200, doc: 'What was deleted.', contentTypes: json, schema: bulkResultSchema },
    errors: ['BadRequest'],
  }),
  listJobs: defineRoute({
    id: 'listJobs',
    method: 'GET',
    path: '/api/runs/{uid}/jobs',
    summary: 'Lists the jobs of a run, in the order of its pipeline.',
    params: ofRun,
    query: z.strictObject({ limit: wholeNumber(1, 1000).default(100), cursor: pageCursor.optional() }),
    success: { status: 200, doc: 'One page of jobs.', contentTypes: json, schema: jobListSchema },
    errors: ['BadRequest', 'NotFound'],
  }),
  getTimeline: defineRoute({
    id: 'getTimeline',
    method: 'GET',
    path: '/api/runs/{uid}/timeline',
    summary: 'Shows what the time of a run went into: the phases of each attempt, the critical path, the shares.',
    params: ofRun,
    query: z.strictObject({ limit: wholeNumber(1, 1000).default(100), cursor: pageCursor.optional() }),
    success: {
      status: 200,
      doc: 'The summary, and one page of jobs.',
      contentTypes: json,
      schema: timelineSchema,
    },
    errors: ['BadRequest', 'NotFound'],
  }),
  getJob: defineRoute({
    id: 'getJob',
    method: 'GET',
    path: '/api/runs/{uid}/jobs/{job}',
    summary: 'Shows a job of a run with all its attempts.',
    params: ofJob,
    query: nothing,
    success: { status: 200, doc: 'The job.', contentTypes: json, schema: jobSchema },
    errors: ['NotFound'],
  }),
  readLog: defineRoute({
    id: 'readLog',
    method: 'GET',
    path: '/api/runs/{uid}/jobs/{job}/logs',
    summary: 'Reads the log of an attempt, live and ended alike.',
    params: ofJob,
    query: z.strictObject({
      attempt: wholeNumber(1, 1_000_000).optional().describe('Which attempt; the last one if left out.'),
      step: z.string().max(63).optional().describe('Only the lines of this step.'),
      offset: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0).describe('From where in the stored log: bytes.'),
      follow: truth
        .default(false)
        .describe('Go on until the end of the attempt’s log; waits for the first attempt of a job that has none.'),
    }),
    success: {
      status: 200,
      doc: 'The lines.',
      contentTypes: [plainText, ndjson],
      schema: logLineSchema,
      headers: {
        [headerNames.attempt]: 'The attempt whose log it is; 1 for a job that has none yet.',
        [headerNames.nextOffset]: 'Without `follow`: the `offset` at which the next read goes on.',
        [headerNames.logEnded]: 'Without `follow`: `true` when nothing will come after these lines.',
      },
    },
    errors: ['BadRequest', 'NotFound', 'Gone'],
  }),
  getPipeline: defineRoute({
    id: 'getPipeline',
    method: 'GET',
    path: '/api/runs/{uid}/pipeline',
    summary: 'The pipeline of a run exactly as it was sent, with its content type.',
    params: ofRun,
    query: nothing,
    success: {
      status: 200,
      doc: 'The text.',
      contentTypes: ['application/json', 'application/yaml'],
      schema: z.string(),
    },
    errors: ['NotFound'],
  }),
  cancelRun: defineRoute({
    id: 'cancelRun',
    method: 'POST',
    path: '/api/runs/{uid}/cancel',
    summary: 'Cancels a run: what does not run is CANCELED, what runs is stopped. A final run stays as it is.',
    params: ofRun,
    query: nothing,
    body: emptyBodySchema,
    success: { status: 200, doc: 'The run as it is now.', contentTypes: json, schema: runSchema },
    errors: ['BadRequest', 'NotFound'],
  }),
  rerunRun: defineRoute({
    id: 'rerunRun',
    method: 'POST',
    path: '/api/runs/{uid}/rerun',
    summary: 'Makes a new run of the same pipeline that takes over what succeeded.',
    params: ofRun,
    query: nothing,
    headers: {
      [headerNames.idempotencyKey]: 'As of `POST /api/runs`.',
    },
    body: rerunRequestSchema,
    success: {
      status: 202,
      doc: 'The new run is stored and will be run.',
      contentTypes: json,
      schema: runSchema,
      headers: { Location: 'The address of the new run.' },
    },
    errors: ['BadRequest', 'NotFound', 'Conflict', 'StoreFull'],
  }),
  retryJob: defineRoute({
    id: 'retryJob',
    method: 'POST',
    path: '/api/runs/{uid}/jobs/{job}/retry',
    summary:
      'Makes a new attempt of a FAILED job of a run that is not final, unless a job that waits for it has begun.',
    params: ofJob,
    query: nothing,
    body: emptyBodySchema,
    success: { status: 202, doc: 'The job, which is ready again.', contentTypes: json, schema: jobSchema },
    errors: ['BadRequest', 'NotFound', 'Conflict'],
  }),
  explainJob: defineRoute({
    id: 'explainJob',
    method: 'GET',
    path: '/api/runs/{uid}/jobs/{job}/why',
    summary: 'Says why a job is not running, or why it ended so, with the facts.',
    params: ofJob,
    query: nothing,
    success: { status: 200, doc: 'The answer.', contentTypes: json, schema: jobExplanationSchema },
    errors: ['NotFound'],
  }),
  listWorkers: defineRoute({
    id: 'listWorkers',
    method: 'GET',
    path: '/api/admin/workers',
    summary: 'Lists the workers, and says whether the instance is paused.',
    params: nothing,
    query: nothing,
    success: { status: 200, doc: 'The workers.', contentTypes: json, schema: workerListSchema },
    errors: [],
  }),
  drainWorker: defineRoute({
    id: 'drainWorker',
    method: 'POST',
    path: '/api/admin/workers/{worker}/drain',
    summary: 'Lets a worker take nothing new; what it runs goes on.',
    params: ofWorker,
    query: nothing,
    body: emptyBodySchema,
    success: { status: 200, doc: 'The workers.', contentTypes: json, schema: workerListSchema },
    errors: ['BadRequest', 'NotFound'],
  }),
  undrainWorker: defineRoute({
    id: 'undrainWorker',
    method: 'DELETE',
    path: '/api/admin/workers/{worker}/drain',
    summary: 'Lets a drained worker take work again.',
    params: ofWorker,
    query: nothing,
    success: { status: 200, doc: 'The workers.', contentTypes: json, schema: workerListSchema },
    errors: ['NotFound'],
  }),
  pause: defineRoute({
    id: 'pause',
    method: 'POST',
    path: '/api/admin/pause',
    summary: 'Starts nothing new on any worker until it is resumed; what runs goes on, new runs are stored.',
    params: nothing,
    query: nothing,
    body: emptyBodySchema,
    success: { status: 200, doc: 'The workers.', contentTypes: json, schema: workerListSchema },
    errors: ['BadRequest'],
  }),
  resume: defineRoute({
    id: 'resume',
    method: 'POST',
    path: '/api/admin/resume',
    summary: 'Ends a pause.',
    params: nothing,
    query: nothing,
    body: emptyBodySchema,
    success: { status: 200, doc: 'The workers.', contentTypes: json, schema: workerListSchema },
    errors: ['BadRequest'],
  }),
  validatePipeline: defineRoute({
    id: 'validatePipeline',
    method: 'POST',
    path: '/api/pipelines/validate',
    summary: 'Checks a pipeline and stores nothing.',
    params: nothing,
    query: nothing,
    takesPipeline: true,
    success: { status: 200, doc: 'It would be accepted.', contentTypes: json, schema: pipelineCheckSchema },
    errors: ['BadRequest', 'TooLarge', 'UnsupportedMediaType'],
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
        .optional()
        .describe(
          'The cursor of the last event seen, or `latest` for the end of the stream; the oldest kept event comes first if left out.',
        ),
      follow: truth
        .default(false)
        .describe('Go on with what comes; an empty line each 15 seconds shows that the server is there.'),
      limit: wholeNumber(1, 10_000).optional(),
    }),
    success: {
      status: 200,
      doc: 'One event a line.',
      contentTypes: [ndjson],
      schema: eventLineSchema,
      headers: {
        [headerNames.cursor]:
          'Where to go on: the cursor after the page or, with `follow`, the one that it began after.',
      },
    },
    errors: ['BadRequest'],
  }),
} as const;

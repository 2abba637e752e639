import { z } from 'zod';
import { emptyBodySchema } from './request-bodies.js';
import { json, nothing } from './route-parts.js';
import { defineRoute } from './route.js';
import { workerListSchema } from './worker-resource.js';

const ofWorker = z.object({
  worker: z
    .string()
    .regex(/^[\w.-]{1,255}$/)
    .describe('The id of a worker, from the list of workers.'),
});

/** Routes for workers: list, drain, pause. */
export const adminRoutes = {
  listWorkers: defineRoute({
    id: 'listWorkers',
    method: 'GET',
    path: '/api/admin/workers',
    summary: 'Lists the workers and shows whether the instance is paused.',
    params: nothing,
    query: nothing,
    success: { status: 200, doc: 'The workers.', contentTypes: json, schema: workerListSchema },
    errors: [],
  }),
  drainWorker: defineRoute({
    id: 'drainWorker',
    method: 'POST',
    path: '/api/admin/workers/{worker}/drain',
    summary: 'Drains a worker: it takes no new jobs; its running jobs continue.',
    params: ofWorker,
    query: nothing,
    body: emptyBodySchema,
    success: { status: 200, doc: 'The workers.', contentTypes: json, schema: workerListSchema },
    errors: ['NotFound', 'UnsupportedMediaType'],
  }),
  undrainWorker: defineRoute({
    id: 'undrainWorker',
    method: 'DELETE',
    path: '/api/admin/workers/{worker}/drain',
    summary: 'Ends the draining of a worker: it takes jobs again.',
    params: ofWorker,
    query: nothing,
    success: { status: 200, doc: 'The workers.', contentTypes: json, schema: workerListSchema },
    errors: ['NotFound'],
  }),
  pause: defineRoute({
    id: 'pause',
    method: 'POST',
    path: '/api/admin/pause',
    summary:
      'Pauses the instance: no worker starts new jobs until it is resumed. Running jobs continue and new runs are stored.',
    params: nothing,
    query: nothing,
    body: emptyBodySchema,
    success: { status: 200, doc: 'The workers.', contentTypes: json, schema: workerListSchema },
    errors: ['UnsupportedMediaType'],
  }),
  resume: defineRoute({
    id: 'resume',
    method: 'POST',
    path: '/api/admin/resume',
    summary: 'Resumes a paused instance.',
    params: nothing,
    query: nothing,
    body: emptyBodySchema,
    success: { status: 200, doc: 'The workers.', contentTypes: json, schema: workerListSchema },
    errors: ['UnsupportedMediaType'],
  }),
} as const;

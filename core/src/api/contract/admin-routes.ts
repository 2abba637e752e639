import { z } from 'zod';
import { emptyBodySchema } from './request-bodies.js';
import { json, nothing } from './route-parts.js';
import { defineRoute } from './route.js';
import { workerListSchema } from './worker-resource.js';

const ofWorker = z.object({
  worker: z
    .string()
    .regex(/^[\w.-]{1,255}$/)
    .describe('The id of a worker, as the list of workers shows it.'),
});

/** The workers, and what takes them out of work for a while. */
export const adminRoutes = {
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
    errors: ['NotFound', 'UnsupportedMediaType'],
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
    errors: ['UnsupportedMediaType'],
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
    errors: ['UnsupportedMediaType'],
  }),
} as const;

import { z } from 'zod';
import { lastLinesMs } from '../../pipeline/limits.js';
import { jobExplanationSchema } from './explanation-resource.js';
import { pageCursor, truth, wholeNumber } from './field-schemas.js';
import { headerNames } from './headers.js';
import { jobResourceSchema, logLineSchema } from './job-resource.js';
import { emptyBodySchema } from './request-bodies.js';
import { json, ndjson, nothing, octetStream, ofJob, ofRun, plainText } from './route-parts.js';
import { defineRoute } from './route.js';
import { jobListSchema } from './run-resource.js';

const digits = z.string().regex(/^\d{1,16}$/);

/** The jobs of a run, their attempts and logs. */
export const jobRoutes = {
  listJobs: defineRoute({
    id: 'listJobs',
    method: 'GET',
    path: '/api/runs/{uid}/jobs',
    summary: 'Lists the jobs of a run, in the order of its pipeline.',
    params: ofRun,
    query: z.strictObject({
      limit: wholeNumber(1, 1000).default(100).describe('How many jobs one page has at most.'),
      cursor: pageCursor.optional(),
    }),
    success: { status: 200, doc: 'One page of jobs.', contentTypes: json, schema: jobListSchema },
    errors: ['NotFound'],
  }),
  getJob: defineRoute({
    id: 'getJob',
    method: 'GET',
    path: '/api/runs/{uid}/jobs/{job}',
    summary: 'Shows a job of a run with all its attempts.',
    params: ofJob,
    query: nothing,
    success: { status: 200, doc: 'The job.', contentTypes: json, schema: jobResourceSchema },
    errors: ['NotFound'],
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
    success: { status: 202, doc: 'The job, which is ready again.', contentTypes: json, schema: jobResourceSchema },
    errors: ['NotFound', 'Conflict', 'UnsupportedMediaType'],
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
  readLog: defineRoute({
    id: 'readLog',
    method: 'GET',
    path: '/api/runs/{uid}/jobs/{job}/logs',
    summary: `Reads the log of an attempt, live and ended alike. Right after the attempt’s end it waits for the last bytes, for at most ${String(lastLinesMs / 1000)} s.`,
    params: ofJob,
    query: z.strictObject({
      attempt: wholeNumber(1, 1_000_000).optional().describe('Which attempt; the last one if left out.'),
      step: z.string().max(63).optional().describe('Only the lines of this step; `main` in a job without steps.'),
      offset: wholeNumber(0, Number.MAX_SAFE_INTEGER)
        .default(0)
        .describe('From where in the log: bytes as they were written.'),
      raw: truth
        .default(false)
        .describe('Exactly the bytes that the job wrote, and nothing of chainr, as `application/octet-stream`.'),
      follow: truth
        .default(false)
        .describe('Go on until the end of the attempt’s log; waits for the first attempt of a job that has none.'),
    }),
    success: {
      status: 200,
      doc: 'The log as text, with what is no UTF-8 replaced; or one line of JSON for each line, or piece of one, where the request has the header `Accept: application/x-ndjson`. A follower of a silent log gets an empty line of NDJSON now and then, which means nothing.',
      contentTypes: [plainText, ndjson, octetStream],
      schema: logLineSchema,
      headers: {
        [headerNames.attempt]: digits.describe('The attempt whose log it is; 1 for a job that has none yet.'),
        [headerNames.nextOffset]: digits
          .optional()
          .describe('Without `follow`: the `offset` at which the next read goes on.'),
        [headerNames.logEnded]: z
          .enum(['true', 'false'])
          .optional()
          .describe(
            'Without `follow`: `true` when nothing will come after these bytes, nor ever for a job that ended without an attempt.',
          ),
      },
    },
    errors: ['NotFound', 'Gone'],
  }),
} as const;

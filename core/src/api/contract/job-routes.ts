import { z } from 'zod';
import { formatExactDuration } from '../../pipeline/duration.js';
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
      limit: wholeNumber(1, 1000).default(100).describe('Maximum number of jobs per page.'),
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
      'Starts a new attempt of a FAILED job. The run must not have ended, and no job that waits for the job may have started.',
    params: ofJob,
    query: nothing,
    body: emptyBodySchema,
    success: { status: 202, doc: 'The job, ready to run again.', contentTypes: json, schema: jobResourceSchema },
    errors: ['NotFound', 'Conflict', 'UnsupportedMediaType'],
  }),
  explainJob: defineRoute({
    id: 'explainJob',
    method: 'GET',
    path: '/api/runs/{uid}/jobs/{job}/why',
    summary: 'Explains why a job is not running or why it ended, with the facts behind it.',
    params: ofJob,
    query: nothing,
    success: { status: 200, doc: 'The answer.', contentTypes: json, schema: jobExplanationSchema },
    errors: ['NotFound'],
  }),
  readLog: defineRoute({
    id: 'readLog',
    method: 'GET',
    path: '/api/runs/{uid}/jobs/{job}/logs',
    summary: `Reads the log of an attempt, running or ended. Right after the end of the attempt it waits for the last bytes, for at most ${formatExactDuration(lastLinesMs)}.`,
    params: ofJob,
    query: z.strictObject({
      attempt: wholeNumber(1, 1_000_000).optional().describe('Number of the attempt. Default: the last one.'),
      step: z
        .string()
        .max(63)
        .optional()
        .describe('Only the lines of this step or service; `main` for a job without steps.'),
      offset: wholeNumber(0, Number.MAX_SAFE_INTEGER)
        .default(0)
        .describe('Where to start in the log, in bytes as the job wrote them.'),
      raw: truth
        .default(false)
        .describe(
          'Return exactly the bytes that the job wrote, without lines of chainr, as `application/octet-stream`.',
        ),
      follow: truth
        .default(false)
        .describe(
          'Keep reading until the end of the attempt’s log. Waits for the first attempt if the job has none yet.',
        ),
    }),
    success: {
      status: 200,
      doc: 'The log as text, with invalid UTF-8 replaced. With the request header `Accept: application/x-ndjson`, one JSON object for each line or piece of a line. While a followed log is silent, NDJSON contains empty lines as keep-alives; ignore them.',
      contentTypes: [plainText, ndjson, octetStream],
      schema: logLineSchema,
      headers: {
        [headerNames.attempt]: digits.describe(
          'Number of the attempt that the log belongs to; 1 if the job has none yet.',
        ),
        [headerNames.nextOffset]: digits.optional().describe('Without `follow`: the `offset` for the next read.'),
        [headerNames.logEnded]: z
          .enum(['true', 'false'])
          .optional()
          .describe(
            'Without `follow`: `true` if nothing will follow these bytes, or if the job ended without an attempt.',
          ),
      },
    },
    errors: ['NotFound', 'Gone'],
  }),
} as const;

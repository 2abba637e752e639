import { z } from 'zod';
import { reasons, type Reason } from '../../engine/reasons.js';
import { jobStatuses, runStatuses } from '../../engine/states.js';
import { errorDetailSchema } from './errors.js';
import { timeSchema } from './field-schemas.js';

export const runStatusSchema = z.enum(runStatuses);
export const jobStatusSchema = z.enum(jobStatuses);
export const reasonSchema = z.enum(reasons as readonly [Reason, ...Reason[]]);

/** A job as lists and runs show it. */
export const jobSummarySchema = z
  .object({
    name: z.string(),
    title: z.string().optional().describe('Absent in lists of runs.'),
    status: jobStatusSchema,
    reason: reasonSchema.describe('Why the job is not running, or why it ended.'),
    message: z.string().describe('The reason as a sentence.'),
  })
  .meta({ id: 'JobSummary' });
export type JobSummary = z.infer<typeof jobSummarySchema>;

const selfLinkSchema = z.string().describe('The path of this resource.');
const nextSchema = z.string().optional().describe('The `cursor` of the next page; absent on the last page.');

const runMetadataSchema = z.object({
  selfLink: selfLinkSchema,
  uid: z.string().describe('A UUIDv7.'),
  name: z.string().optional(),
  title: z.string().optional().describe('The title of the pipeline.'),
  externalId: z.string().optional().describe('The external id with which the run was submitted.'),
  labels: z.record(z.string(), z.string()),
  createdAt: timeSchema,
  startedAt: timeSchema.optional(),
  endedAt: timeSchema.optional(),
  pool: z.string().describe('The pool of its jobs that name none: that of the pipeline, or the default pool.'),
  cancelRequestedAt: timeSchema.optional().describe('When a cancel was requested.'),
  timedOutAt: timeSchema.optional().describe('When the run exceeded its timeout.'),
  priority: z.int().optional().describe('Absent if it is 0.'),
  maxParallel: z.int().optional().describe('How many jobs may run at once.'),
  timeoutMs: z.int().optional(),
  rerunOf: z.string().optional().describe('The run that this one reruns.'),
});

const jobCountsSchema = z.record(jobStatusSchema, z.int()).describe('Number of jobs in each status.');

const runCountsSchema = z
  .record(runStatusSchema, z.int())
  .describe('Number of runs in each status, regardless of the filter.');

/** One execution of a pipeline. */
export const runSchema = z
  .object({
    kind: z.literal('Run'),
    metadata: runMetadataSchema,
    status: runStatusSchema,
    jobs: z
      .array(jobSummarySchema)
      .describe('In the order of the pipeline: the first 1,000 jobs, in lists the first 100.'),
    jobCounts: jobCountsSchema,
    jobsTruncated: z
      .boolean()
      .describe('There are more jobs than `jobs` contains; `/jobs` returns all of them in pages.'),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof runSchema>;

export const runListSchema = z
  .object({
    kind: z.literal('RunList'),
    metadata: z.object({
      selfLink: selfLinkSchema,
      next: nextSchema,
      counts: runCountsSchema,
      total: z
        .int()
        .optional()
        .describe(
          'Total number of runs that match the filter. Present only if it is cheap to count, such as for a single name.',
        ),
    }),
    items: z
      .array(runSchema)
      .describe(
        'Newest first. If only few of many runs match a filter, a page may be short or empty and still have a next page.',
      ),
  })
  .meta({ id: 'RunList' });
export type RunList = z.infer<typeof runListSchema>;

export const jobListSchema = z
  .object({
    kind: z.literal('JobList'),
    metadata: z.object({ selfLink: selfLinkSchema, run: z.string(), next: nextSchema }),
    items: z.array(jobSummarySchema).describe('In the order of the pipeline.'),
  })
  .meta({ id: 'JobList' });
export type JobList = z.infer<typeof jobListSchema>;

export const resourceListSchema = z
  .object({
    kind: z.literal('APIResourceList'),
    metadata: z.object({ selfLink: selfLinkSchema }),
    resources: z.record(z.string(), z.object({ selfLink: selfLinkSchema, description: z.string() })),
  })
  .meta({ id: 'APIResourceList' });
export type ResourceList = z.infer<typeof resourceListSchema>;

export const pipelineCheckSchema = z
  .object({
    kind: z.literal('PipelineCheck'),
    valid: z.literal(true),
    jobs: z.int().describe('Number of jobs.'),
    warnings: z
      .array(errorDetailSchema)
      .describe('Valid but probably unintended parts of the pipeline, in the form of the `details` of an error.'),
  })
  .meta({ id: 'PipelineCheck' });
export type PipelineCheck = z.infer<typeof pipelineCheckSchema>;

import { z } from 'zod';
import { executorKinds } from '../../engine/records.js';
import { reasons, type Reason } from '../../engine/reasons.js';
import { jobStatuses, runStatuses } from '../../engine/states.js';
import { timeSchema } from './field-schemas.js';

export const runStatusSchema = z.enum(runStatuses);
export const jobStatusSchema = z.enum(jobStatuses);
export const reasonSchema = z.enum(reasons as readonly [Reason, ...Reason[]]);

/** A job as lists and runs show it. */
export const jobSummarySchema = z
  .object({
    name: z.string(),
    status: jobStatusSchema,
    reason: reasonSchema.describe('Why it is not running, or why it ended so.'),
    message: z.string().describe('The same as one plain sentence.'),
  })
  .meta({ id: 'JobSummary' });
export type JobSummary = z.infer<typeof jobSummarySchema>;

const selfLinkSchema = z.string().describe('The address of this resource, from the root of the server.');
const nextSchema = z.string().optional().describe('The `cursor` of the next page; absent on the last one.');

const runMetadataSchema = z.object({
  selfLink: selfLinkSchema,
  uid: z.string().describe('A UUIDv7.'),
  name: z.string().optional(),
  labels: z.record(z.string(), z.string()),
  createdAt: timeSchema,
  startedAt: timeSchema.optional(),
  endedAt: timeSchema.optional(),
  executor: z.enum(executorKinds),
  cancelRequestedAt: timeSchema.optional().describe('When a cancel was asked for.'),
  timedOutAt: timeSchema.optional().describe('When the timeout of the run had passed.'),
  priority: z.int().optional().describe('Absent where it is 0.'),
  maxParallel: z.int().optional().describe('How many jobs may run at once.'),
  timeoutMs: z.int().optional(),
  rerunOf: z.string().optional().describe('The run that this one has taken jobs over from.'),
});

const jobCountsSchema = z.record(jobStatusSchema, z.int()).describe('How many jobs are in each status.');

const runCountsSchema = z
  .record(runStatusSchema, z.int())
  .describe('How many runs there are in each status, whatever the filter.');

/** One execution of a pipeline. */
export const runSchema = z
  .object({
    kind: z.literal('Run'),
    metadata: runMetadataSchema,
    status: runStatusSchema,
    jobs: z.array(jobSummarySchema).describe('In the order of the pipeline; the first 1,000, in lists the first 100.'),
    jobCounts: jobCountsSchema,
    jobsTruncated: z.boolean().describe('There are more jobs than `jobs` shows; `/jobs` pages all.'),
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
        .describe('How many runs the filter means altogether; only where one look tells, such as for one name.'),
    }),
    items: z
      .array(runSchema)
      .describe(
        'Newest first. Where a filter finds few among many, a page may be short, or empty, and have a next one.',
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
    jobs: z.int().describe('How many jobs it has.'),
    warnings: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .describe('What it says that is allowed, but seldom meant: places and sentences, as in `details` of an error.'),
  })
  .meta({ id: 'PipelineCheck' });
export type PipelineCheck = z.infer<typeof pipelineCheckSchema>;

import { z } from 'zod';
import { shares, spanKinds, spanTable, type Share, type SpanKind } from '../../timeline/attempt-spans.js';
import { timeSchema } from './field-schemas.js';
import { jobStatusSchema, reasonSchema, runStatusSchema } from './run-resource.js';

const byShare = <S extends z.ZodType>(schema: S) =>
  z.object(Object.fromEntries(shares.map((share) => [share, schema])) as Record<Share, S>);

const spanKindSchema = z
  .enum(spanKinds as readonly [SpanKind, ...SpanKind[]])
  .describe(spanKinds.map((kind) => `\`${kind}\` (${spanTable[kind].share}): ${spanTable[kind].doc}.`).join(' '));

/** A stretch of an attempt. */
export const spanSchema = z
  .object({
    kind: spanKindSchema,
    from: timeSchema,
    to: timeSchema.optional().describe('Absent until it ends.'),
  })
  .meta({ id: 'Span' });
export type SpanResource = z.infer<typeof spanSchema>;

export const jobTimelineSchema = z
  .object({
    name: z.string(),
    title: z.string().optional(),
    status: jobStatusSchema,
    reason: reasonSchema,
    critical: z.boolean().describe('The job is on the critical path.'),
    attempts: z
      .array(
        z.object({
          attempt: z.int().min(1).optional().describe('Absent for a wait that did not lead to an attempt.'),
          status: jobStatusSchema,
          reason: reasonSchema,
          spans: z.array(spanSchema).describe('Each begins where the previous one ends.'),
        }),
      )
      .describe('Oldest first; the last one may be a wait. Empty for a job whose result a rerun reused.'),
  })
  .meta({ id: 'JobTimeline' });
export type JobTimelineResource = z.infer<typeof jobTimelineSchema>;

const pathPartSchema = z
  .object({
    job: z.string(),
    from: timeSchema.describe('End of the previous job on the path; for the first job, the creation of the run.'),
    to: timeSchema.describe('End of the job, or now.'),
    ms: byShare(z.int()).describe('Milliseconds per share.'),
  })
  .meta({ id: 'PathPart' });
export type PathPartResource = z.infer<typeof pathPartSchema>;

/** Where the time of a run went. */
export const timelineSchema = z
  .object({
    kind: z.literal('Timeline'),
    metadata: z.object({
      selfLink: z.string(),
      run: z.string(),
      next: z.string().optional().describe('The `cursor` of the next page of `items`; absent on the last one.'),
    }),
    status: runStatusSchema,
    from: timeSchema.describe('Creation of the run.'),
    to: timeSchema.describe('End of the run, or now.'),
    shares: z
      .object({ ms: byShare(z.int()), percent: byShare(z.number()) })
      .describe(
        'How the time from `from` to `to` was spent along the critical path: waiting for a worker, a slot or a retry; starting; working; and overhead, which is everything else, such as the hand-over from one job to the next.',
      ),
    criticalPath: z
      .array(pathPartSchema)
      .describe(
        'The chain of jobs that determined the end of the run: the job that ended last, the dependency that it waited for longest, and so on. While the run has not ended, the chain leads to the unfinished job that has been ready for longest. Never paged.',
      ),
    items: z.array(jobTimelineSchema).describe('One page of jobs, in the order of the pipeline.'),
  })
  .meta({ id: 'Timeline' });
export type TimelineResource = z.infer<typeof timelineSchema>;

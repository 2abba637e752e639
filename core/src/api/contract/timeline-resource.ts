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
    to: timeSchema.optional().describe('Absent as long as it goes on.'),
  })
  .meta({ id: 'Span' });
export type SpanResource = z.infer<typeof spanSchema>;

export const jobTimelineSchema = z
  .object({
    name: z.string(),
    status: jobStatusSchema,
    reason: reasonSchema,
    critical: z.boolean().describe('It is on the critical path.'),
    attempts: z
      .array(
        z.object({
          attempt: z.int().min(1).optional().describe('Absent for a wait that no attempt has come of.'),
          status: jobStatusSchema,
          reason: reasonSchema,
          spans: z.array(spanSchema).describe('Each begins where the one before ends.'),
        }),
      )
      .describe('Oldest first; the last one may be a wait. None of a job that was taken over by a rerun.'),
  })
  .meta({ id: 'JobTimeline' });
export type JobTimelineResource = z.infer<typeof jobTimelineSchema>;

const pathPartSchema = z
  .object({
    job: z.string(),
    from: timeSchema.describe('The end of the job before it on the path; for the first one, when the run was created.'),
    to: timeSchema.describe('Its end, or now.'),
    ms: byShare(z.int()).describe('What went into which share: milliseconds.'),
  })
  .meta({ id: 'PathPart' });
export type PathPartResource = z.infer<typeof pathPartSchema>;

/** What became of the time of a run. */
export const timelineSchema = z
  .object({
    kind: z.literal('Timeline'),
    metadata: z.object({
      selfLink: z.string(),
      run: z.string(),
      next: z.string().optional().describe('The `cursor` of the next page of `items`; absent on the last one.'),
    }),
    status: runStatusSchema,
    from: timeSchema.describe('When the run was created.'),
    to: timeSchema.describe('When it ended, or now.'),
    shares: z
      .object({ ms: byShare(z.int()), percent: byShare(z.number()) })
      .describe(
        'What all the time from `from` to `to` went into, along the critical path: waiting for a worker, a slot or a retry; starting; working; overhead, which is all else, such as the hand-over from one job to the next.',
      ),
    criticalPath: z
      .array(pathPartSchema)
      .describe(
        'The chain of jobs that determined the end: from the job that ended last back over the dependency that each one waited for longest. While the run goes on it leads to the job that goes on and has been ready for longest. Always whole.',
      ),
    items: z.array(jobTimelineSchema).describe('One page of the jobs, in the order of the pipeline.'),
  })
  .meta({ id: 'Timeline' });
export type TimelineResource = z.infer<typeof timelineSchema>;

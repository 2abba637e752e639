import { z } from 'zod';
import { logStreams, phases, type Phase } from '../../engine/records.js';
import { timeSchema } from './field-schemas.js';
import { jobStatusSchema, jobSummarySchema, reasonSchema } from './run-resource.js';

const phaseTimes = Object.fromEntries(phases.map((phase) => [phase, timeSchema.optional()])) as Record<
  Phase,
  z.ZodOptional<typeof timeSchema>
>;

/** How one step of an attempt ended. */
const stepResourceSchema = z.object({
  name: z.string().describe('`main` for a job without steps.'),
  title: z.string().optional(),
  exitCode: z.int().optional(),
  tolerated: z.boolean().optional().describe('It failed, but `continueOnError` let the attempt go on.'),
  startedAt: timeSchema.optional(),
  endedAt: timeSchema.optional(),
});

/** Where an attempt ran and what its executor saw of it. */
const runtimeSchema = z.object({
  pod: z.string().describe('`NAMESPACE/NAME`'),
  node: z.string().optional(),
  containers: z
    .array(
      z.object({
        name: z.string(),
        image: z.string(),
        imageId: z.string().optional().describe('The image that it really ran, with its digest.'),
        state: z.string().describe('As in `exit code 137 (OOMKilled)`.'),
        restarts: z.int().optional().describe('How often it was started again; absent: never.'),
      }),
    )
    .describe('Services first, then steps.'),
  events: z
    .array(
      z.object({
        time: timeSchema.describe('When it happened last.'),
        type: z.enum(['Normal', 'Warning']),
        reason: z.string(),
        message: z.string(),
        count: z.int().optional().describe('How often it happened; absent: once.'),
      }),
    )
    .describe('What the cluster reported about the pod, oldest first. Not read for an attempt that succeeded.'),
  eventsMissing: z.string().optional().describe('Why there are no events.'),
});
export type RuntimeResource = z.infer<typeof runtimeSchema>;

/** The n-th start of a job in a run. */
export const attemptSchema = z
  .object({
    attempt: z.int().min(1),
    status: jobStatusSchema,
    reason: reasonSchema,
    message: z.string(),
    exitCode: z.int().optional().describe('Absent until it is known; 128 + n for signal n.'),
    steps: z.array(stepResourceSchema).optional(),
    phases: z.object(phaseTimes).describe('When each phase was reached.'),
    executorId: z.string().optional(),
    runtime: runtimeSchema
      .optional()
      .describe('Where it ran, kept after its pod is gone. Present once a pod of it has ended.'),
  })
  .meta({ id: 'Attempt' });
export type Attempt = z.infer<typeof attemptSchema>;

/** One job of a run with all its attempts. */
export const jobResourceSchema = z
  .object({
    kind: z.literal('Job'),
    metadata: z.object({
      selfLink: z.string(),
      run: z.string(),
      name: z.string(),
      title: z.string().optional(),
      pool: z.string().optional().describe('Absent: that of the run.'),
    }),
    ...jobSummarySchema.omit({ name: true }).shape,
    attempts: z.array(attemptSchema).describe('Oldest first.'),
    reusedFrom: z
      .object({ run: z.string(), attempt: z.int() })
      .optional()
      .describe(
        'For a job with the reason Reused: the run and the attempt of the job of the same name whose result it reuses.',
      ),
    outputs: z
      .record(z.string(), z.string())
      .optional()
      .describe('Outputs that the steps of the final attempt wrote to `CHAINR_OUTPUT`.'),
  })
  .meta({ id: 'Job' });
export type Job = z.infer<typeof jobResourceSchema>;

/** One line of a log as NDJSON, or a piece of one. */
export const logLineSchema = z
  .object({
    time: timeSchema,
    step: z.string(),
    stream: z.enum(logStreams).describe('`system` lines come from chainr, such as the mark where a log was cut.'),
    text: z.string().describe('Bytes that are not valid UTF-8 are replaced by U+FFFD.'),
    newline: z
      .literal(false)
      .optional()
      .describe(
        'Present if the line continues in the next piece of the same step and stream, or ended without a newline. An unfinished line is sent as it grows.',
      ),
    offset: z.int().describe('Start of the line in the log, in bytes as the job wrote them.'),
    nextOffset: z.int().describe('End of the line: the `offset` from which to continue reading.'),
  })
  .meta({ id: 'LogLine' });
export type LogLineResource = z.infer<typeof logLineSchema>;

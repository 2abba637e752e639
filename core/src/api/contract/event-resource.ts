import { z } from 'zod';
import { timeSchema } from './field-schemas.js';
import { jobStatusSchema, reasonSchema, runStatusSchema } from './run-resource.js';

const head = { cursor: z.string(), time: timeSchema, run: z.string() };

const jobChange = {
  job: z.string(),
  attempt: z.int().describe('Number of the current or last attempt; 0 until one is claimed.'),
  status: jobStatusSchema,
  reason: reasonSchema,
  message: z.string(),
  exitCode: z.int().optional(),
};

/** One line of the event stream: a change, or a notice that changes were missed. */
export const eventLineSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('run.created'), ...head, name: z.string().optional(), jobCount: z.int() }),
    z.object({ kind: z.literal('run.status'), ...head, status: runStatusSchema }),
    z.object({ kind: z.literal('job.status'), ...head, ...jobChange }),
    z.object({ kind: z.literal('job.reason'), ...head, ...jobChange }),
    z
      .object({ kind: z.literal('resync'), cursor: z.string() })
      .describe(
        'The requested cursor is older than the oldest kept event, or newer than the last one. Read the current state again and continue from this cursor.',
      ),
  ])
  .meta({ id: 'EventLine' });
export type EventLine = z.infer<typeof eventLineSchema>;
export type EventResource = Exclude<EventLine, { kind: 'resync' }>;

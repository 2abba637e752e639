import { z } from 'zod';
import { executorSchema, timeSchema } from './field-schemas.js';

const workerSchema = z
  .object({
    id: z.string(),
    host: z.string(),
    pool: z.string().describe('The worker takes the jobs of this pool.'),
    executor: executorSchema,
    executorId: z.string(),
    capacity: z.int().describe('Maximum number of attempts at once.'),
    running: z.int().describe('Number of attempts that it holds.'),
    draining: z.boolean().describe('The worker takes no new jobs; its running jobs continue.'),
    seenAt: timeSchema,
  })
  .meta({ id: 'Worker' });

export const workerListSchema = z
  .object({
    kind: z.literal('WorkerList'),
    metadata: z.object({ selfLink: z.string() }),
    paused: z.boolean().describe('No worker starts new jobs.'),
    items: z.array(workerSchema).describe('Workers seen in the last 30 seconds.'),
  })
  .meta({ id: 'WorkerList' });
export type WorkerList = z.infer<typeof workerListSchema>;

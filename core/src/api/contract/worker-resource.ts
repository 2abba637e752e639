import { z } from 'zod';
import { executorKinds } from '../../engine/records.js';
import { timeSchema } from './field-schemas.js';

const workerSchema = z
  .object({
    id: z.string(),
    host: z.string(),
    executor: z.enum(executorKinds),
    executorId: z.string(),
    capacity: z.int().describe('How many attempts it takes at once.'),
    running: z.int().describe('How many attempts it has in its hands.'),
    draining: z.boolean().describe('It takes nothing new; what runs goes on.'),
    seenAt: timeSchema,
  })
  .meta({ id: 'Worker' });

export const workerListSchema = z
  .object({
    kind: z.literal('WorkerList'),
    metadata: z.object({ selfLink: z.string() }),
    paused: z.boolean().describe('Nothing new is started anywhere.'),
    items: z.array(workerSchema).describe('The workers that were seen in the last 30 seconds.'),
  })
  .meta({ id: 'WorkerList' });
export type WorkerList = z.infer<typeof workerListSchema>;

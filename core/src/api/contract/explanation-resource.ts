import { z } from 'zod';
import { factKinds } from '../../engine/facts.js';
import { jobStatusSchema, reasonSchema } from './run-resource.js';

const factSchema = z.object({
  kind: z.enum(factKinds),
  text: z.string().describe('One sentence.'),
});

/** Why a job is not running, or why it ended so. */
export const jobExplanationSchema = z
  .object({
    kind: z.literal('JobExplanation'),
    metadata: z.object({ selfLink: z.string(), run: z.string(), name: z.string(), title: z.string().optional() }),
    status: jobStatusSchema,
    reason: reasonSchema,
    sentence: z.string().describe('The answer in one sentence.'),
    facts: z.array(factSchema).describe('The facts behind the answer.'),
  })
  .meta({ id: 'JobExplanation' });
export type JobExplanation = z.infer<typeof jobExplanationSchema>;

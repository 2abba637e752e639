import { z } from 'zod';
import { pipelineWords } from '../checks/foreign-words.js';
import { pipelineLimits } from '../limits.js';
import { dnsSubdomain } from '../names.js';
import {
  durationSchema,
  envSchema,
  ignoredFields,
  labelsSchema,
  nameSchema,
  poolSchema,
  prioritySchema,
  pullSchema,
  shellSchema,
  strictMap,
  titleSchema,
} from './fields.js';
import { jobSchema } from './job-schema.js';
import { kubernetesSchema } from './kubernetes-schema.js';

const head = {
  kind: z.literal('Pipeline'),
  title: titleSchema.exactOptional(),
  metadata: strictMap({
    name: z
      .string()
      .regex(
        dnsSubdomain,
        'a name has at most 253 lower-case letters, digits, "-" and ".", and begins and ends with a letter or digit',
      )
      .exactOptional(),
    labels: labelsSchema.exactOptional(),
  }).exactOptional(),
  env: envSchema.exactOptional().describe('Environment variables of every job. Jobs and steps can override them.'),
  shell: shellSchema.exactOptional(),
  pull: pullSchema.exactOptional().describe('Default for jobs that do not set it.'),
  timeout: durationSchema
    .exactOptional()
    .describe(
      'Time limit of the whole run, from its creation. Jobs that have not ended by then are CANCELED with the reason RunTimedOut.',
    ),
  priority: prioritySchema.exactOptional(),
  pool: poolSchema.exactOptional(),
  kubernetes: kubernetesSchema
    .exactOptional()
    .describe('Settings of the pods of all jobs. Other executors ignore them.'),
  maxParallel: z
    .int()
    .min(1)
    .max(pipelineLimits.jobs)
    .exactOptional()
    .describe('How many jobs of the run may run at once. Default: no limit.'),
};

/** A pipeline without its jobs, which are checked one by one in the order of the document. */
export const headSchema = strictMap({ ...head, jobs: z.unknown().optional() }, undefined, pipelineWords);
export type HeadInput = z.output<typeof headSchema>;

const pipelineSchema = strictMap({
  ...head,
  jobs: z
    .record(nameSchema, jobSchema)
    .meta({ minProperties: 1, maxProperties: pipelineLimits.jobs, description: 'The jobs by name.' }),
}).meta(ignoredFields);

/**
 * The JSON Schema (draft 2020-12) of a pipeline as written, for editors. Unique and existing names and the absence of
 * cycles are beyond a JSON Schema; only the check knows them.
 */
export function pipelineJsonSchema(): z.core.JSONSchema.BaseSchema {
  const schema = z.toJSONSchema(pipelineSchema, { io: 'input' });
  return { title: 'chainr pipeline', ...schema };
}

import { z } from 'zod';
import {
  durationSchema,
  envSchema,
  ignoredFields,
  jobSchema,
  nameSchema,
  poolSchema,
  prioritySchema,
  pullSchema,
  shellSchema,
  strictMap,
  titleSchema,
} from './job-schema.js';
import { pipelineWords } from './checks/foreign-words.js';
import { pipelineLimits } from './limits.js';
import { dnsSubdomain, labelKey, labelValue } from './names.js';

const labels = z.record(
  z
    .string()
    .regex(
      labelKey,
      'the key of a label is a name such as "team" or "example.com/team", of at most 63 characters after the "/"',
    ),
  z
    .string()
    .regex(
      labelValue,
      'the value of a label has at most 63 letters, digits, ".", "-" and "_", and begins and ends with a letter or digit',
    ),
);

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
    labels: labels.exactOptional(),
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

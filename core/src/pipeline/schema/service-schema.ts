import { z } from 'zod';
import { serviceWords } from '../checks/foreign-words.js';
import { pipelineLimits } from '../limits.js';
import { durationSchema, envSchema, imageSchema, nameSchema, resourcesSchema, scriptSchema, strictMap, words } from './fields.js'; // prettier-ignore

const port = z.int().min(1).max(65_535).describe('Port on which the service listens.');

const httpPath = z
  .string()
  .regex(/^\/[^\s\p{Cc}#]*$/u, 'must be the path of an address, beginning with "/", without spaces')
  .refine(
    ({ length }) => length <= pipelineLimits.pathLength,
    `is longer than ${String(pipelineLimits.pathLength)} characters`,
  )
  .meta({ maxLength: pipelineLimits.pathLength });

/** That there is exactly one check is said in `checkServices`. */
const ready = strictMap(
  {
    run: scriptSchema
      .exactOptional()
      .describe('A shell script, run in the container of the service by /bin/sh -e -c. The service is ready once it exits with 0.'), // prettier-ignore
    http: strictMap({
      port,
      path: httpPath.exactOptional().describe('Default: `/`.'),
    })
      .exactOptional()
      .describe('The service is ready once it answers GET with a status from 200 to 399.'),
    tcp: port.exactOptional().describe('The service is ready once this port accepts connections.'),
    timeout: durationSchema
      .exactOptional()
      .describe('How long the service may take. Then the attempt ends FAILED with the reason ServiceNotReady.'),
  },
  (input) =>
    typeof input === 'number' || typeof input === 'string'
      ? 'must be a map, such as { tcp: 5432 } or { run: pg_isready }'
      : undefined,
).meta({ oneOf: ['run', 'http', 'tcp'].map((way) => ({ required: [way] })) });

/** A container that runs beside the steps of a job. */
export const serviceSchema = strictMap(
  {
    name: nameSchema,
    image: imageSchema,
    env: envSchema.exactOptional(),
    command: words(1).exactOptional(),
    args: words(0).exactOptional(),
    resources: resourcesSchema.exactOptional(),
    ready: ready.exactOptional(),
  },
  undefined,
  serviceWords,
);

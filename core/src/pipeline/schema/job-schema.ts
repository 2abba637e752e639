import { z } from 'zod';
import { describeValue, textHint } from '../checks/describe-issue.js';
import { jobWords, stepWords } from '../checks/foreign-words.js';
import { pipelineLimits } from '../limits.js';
import { quote } from '../mistakes.js';
import { dnsLabel, networkPattern, userPattern } from '../names.js';
import {
  durationSchema,
  envSchema,
  ignoredFields,
  imageSchema,
  list,
  nameSchema,
  poolSchema,
  prioritySchema,
  pullSchema,
  resourcesSchema,
  scriptSchema,
  shellSchema,
  strictMap,
  titleSchema,
  words,
  workdirSchema,
} from './fields.js';
import { kubernetesSchema } from './kubernetes-schema.js';
import { serviceSchema } from './service-schema.js';

const container = {
  title: titleSchema.exactOptional(),
  image: imageSchema.exactOptional(),
  run: scriptSchema.exactOptional(),
  shell: shellSchema.exactOptional(),
  command: words(1).exactOptional(),
  args: words(0).exactOptional(),
  env: envSchema.exactOptional(),
  workdir: workdirSchema.exactOptional(),
  user: z
    .string()
    .regex(userPattern, 'must be a user such as "1000", "1000:1000" or "node"')
    .exactOptional()
    .describe(
      'User in the container: a name or id, optionally with a group after a colon. Default: the user of the image.',
    ),
  resources: resourcesSchema.exactOptional(),
};

/** Exactly one way to say what a container runs. The other rules are checked in code. */
const runOrCommand = [{ required: ['run'] }, { anyOf: [{ required: ['command'] }, { required: ['args'] }] }];

const stepSchema = strictMap(
  {
    name: nameSchema,
    ...container,
    continueOnError: z.boolean().exactOptional().describe('The attempt continues after this step fails. Requires run.'),
  },
  undefined,
  stepWords,
).meta({ ...ignoredFields, oneOf: runOrCommand });

const conditions = strictMap({
  success: z.boolean().exactOptional(),
  failure: z.boolean().exactOptional(),
  skipped: z.boolean().exactOptional(),
}).describe(
  'Outcomes of the dependency that let the job start. success is true by default unless another condition is true.',
);

const dependencySchema = z.union([z.string(), strictMap({ job: z.string(), conditions: conditions.exactOptional() })], {
  error: ({ input }) =>
    `must be the name of a job, or a map with "job" and "conditions", but is ${describeValue(input)}` +
    (input === null ? '' : textHint(input)),
});

/** One job in place of a list of jobs is the usual slip. */
function whyNoList(input: unknown): string | undefined {
  const asList = typeof input === 'string' ? `[${dnsLabel.test(input) ? input : quote(input)}]` : '[build]';
  return input === undefined
    ? undefined
    : `must be a list of jobs, but is ${describeValue(input)}; write dependsOn: ${asList}`;
}

/** A map by name is the form of GitHub and of docker compose. */
function whyNoServices(input: unknown): string | undefined {
  return input === undefined
    ? undefined
    : `must be a list of services, but is ${describeValue(input)}; write services: [{ name: db, image: postgres }]`;
}

export const jobSchema = strictMap(
  {
    ...container,
    steps: list(stepSchema, 1, pipelineLimits.stepsPerJob)
      .exactOptional()
      .describe(
        'Steps run one after the other and share a workspace. image, workdir, user and resources of the job apply to steps that do not set them.',
      ),
    dependsOn: z.array(dependencySchema, { error: ({ input }) => whyNoList(input) }).exactOptional(),
    allowFailure: z.boolean().exactOptional().describe('A failure of this job does not fail the run.'),
    pull: pullSchema.exactOptional(),
    network: z
      .string()
      .regex(networkPattern, 'must be none, bridge, host or the name of a network')
      .exactOptional()
      .describe('Network of the containers: none, bridge, host or a name. The worker defines which ones are allowed.'),
    timeout: durationSchema
      .exactOptional()
      .describe(
        'Time limit of each attempt, from the start of its first step until its services have ended. An attempt that exceeds it ends FAILED with the reason TimedOut.',
      ),
    pendingTimeout: durationSchema
      .exactOptional()
      .describe(
        'Time limit from the claim of an attempt to the start of its first step, including image pulls and the start of services. Default: 10 minutes.',
      ),
    retries: strictMap(
      {
        limit: z.int().min(0).max(pipelineLimits.retries),
        backoff: strictMap({
          initial: durationSchema.exactOptional(),
          factor: z.number().min(1).max(100).exactOptional(),
          max: durationSchema.exactOptional(),
        })
          .exactOptional()
          .describe(
            'Wait before the first retry (1s), growth factor (2) and longest wait (5m, or initial if that is longer).',
          ),
      },
      (input) => (typeof input === 'number' ? `must be a map, such as { limit: ${String(input)} }` : undefined),
    )
      .exactOptional()
      .describe(
        'New attempts after a failure: an exit code other than 0, a signal, out of memory, the timeout, or a service that did not become ready.',
      ),
    rerun: z
      .literal('always')
      .exactOptional()
      .describe('A rerun never reuses this job: it runs again, and all that depends on it.'),
    priority: prioritySchema.exactOptional(),
    pool: poolSchema.exactOptional(),
    services: list(serviceSchema, 1, pipelineLimits.servicesPerJob, whyNoServices)
      .exactOptional()
      .describe(
        'Containers that run beside the steps, such as a database. They are ready before the first step starts, and are ended after the last one.',
      ),
    kubernetes: kubernetesSchema
      .exactOptional()
      .describe(
        'Settings of the pod of the job. They replace those of the pipeline field by field; nodeSelector, labels and annotations are merged by key. Other executors ignore them.',
      ),
  },
  undefined,
  jobWords,
).meta({
  ...ignoredFields,
  oneOf: [...runOrCommand, { required: ['steps'] }],
  anyOf: [{ required: ['image'] }, { required: ['steps'] }],
});

/** A job as written in a document. */
export type JobInput = z.output<typeof jobSchema>;

import { z } from 'zod';
import { describeUnknown, describeValue, textHint } from './checks/describe-issue.js';
import { jobWords, stepWords, type ForeignWords } from './checks/foreign-words.js';
import { durationPattern, parseDuration } from './duration.js';
import { pipelineLimits } from './limits.js';
import { quote } from './mistakes.js';
import {
  dnsLabel,
  envName,
  networkPattern,
  quantity,
  resourceName,
  secretName,
  userPattern,
  whyNoName,
} from './names.js';
import { priorityBase } from './priorities.js';

/** A map with exactly these fields. An unknown field is refused with the nearest known name. */
export function strictMap<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  sayOther: (input: unknown) => string | undefined = () => undefined,
  foreign: ForeignWords = {},
) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return describeUnknown(issue.keys, known, foreign);
      return sayOther(issue.input);
    },
  });
}

/** A text with a length limit. Zod's own limits read the `length` of any value, also of a map with such a field. */
const text = (most: number): z.ZodString =>
  z
    .string()
    .refine(({ length }) => length > 0, 'is empty')
    .refine(({ length }) => length <= most, `is longer than ${String(most)} characters`)
    .meta({ minLength: 1, maxLength: most });

/** A list with length limits. Lists above 100 entries are refused earlier (`toPlain`). */
const list = <Item extends z.ZodType>(item: Item, least: number, most: number): z.ZodArray<Item> =>
  z
    .array(item)
    .refine(({ length }) => length >= least, 'must not be empty')
    .refine(({ length }) => length <= most, `has more than ${String(most)} entries`)
    .meta({ minItems: least, maxItems: most });

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** Whether Linux accepts the text as one argument of a process. */
const fitsArgument = (text: string): boolean => bytesOf(text) <= pipelineLimits.argumentBytes;

const argument = z
  .string()
  .refine(
    fitsArgument,
    `is longer than ${String(pipelineLimits.argumentBytes)} bytes, the limit of Linux for one argument`,
  )
  .meta({ maxLength: pipelineLimits.argumentBytes });

const script = z
  .string()
  .refine(({ length }) => length > 0, 'is empty')
  .refine(
    fitsArgument,
    `is longer than ${String(pipelineLimits.argumentBytes)} bytes, the limit of Linux for one argument; put a longer script into the image`,
  )
  .meta({
    minLength: 1,
    maxLength: pipelineLimits.argumentBytes,
    description:
      'A shell script, run by /bin/sh -e -c: it ends at the first command that fails. `shell` replaces that shell. A script that begins with #! is run by the interpreter that its first line names.',
  });

/**
 * Control characters (Unicode category Cc): they have no meaning in a name or path, and garble the output that shows
 * them.
 */
const controls = '\\u0000-\\u001f\\u007f-\\u009f';

/** What people are shown beside a name. */
export const titleSchema = text(pipelineLimits.titleLength)
  .refine((title) => !/\p{Cc}/u.test(title), 'must be text on one line, without control characters')
  .meta({ pattern: `^[^${controls}]*$` })
  .describe('Text for people, shown beside the name.');

/** Fields that chainr ignores, such as a place for YAML anchors. The check never sees them (`toPlain`). */
export const ignoredFields = { patternProperties: { '^x-': {} } };

const withoutReferences = (name: string): string => name.replaceAll(/\$\{\{[^}]*/g, '');

/** References are not checked here: `checkReferences` reports their mistakes, once. */
const image = text(pipelineLimits.imageLength)
  .refine((name) => /^\S+$/.test(withoutReferences(name)), 'must be the name of an image, without spaces')
  .refine(
    (name) => !/\p{Cc}/u.test(withoutReferences(name)),
    'must be the name of an image, without control characters',
  )
  .meta({ pattern: `^([^\\s${controls}$]|\\$(?!\\{\\{)|\\$\\{\\{[^{}]+\\}\\})+$` });

const workdir = text(pipelineLimits.workdirLength)
  .regex(/^\//, 'must be an absolute path, beginning with "/"')
  .refine((path) => !/\p{Cc}/u.test(path), 'must be a path without control characters')
  .meta({ pattern: `^\\/[^${controls}]*$` });

const secretReference = strictMap({
  secret: z
    .string()
    .regex(
      secretName,
      'the name of a secret has at most 253 letters, digits, ".", "-" and "_", and does not begin with "." or "-"',
    ),
}).describe('Name of a secret of the worker.');

const envValue = z.union([z.string(), secretReference], {
  error: ({ input }) => {
    const hint = textHint(input);
    return `must be text${hint ? '' : ', or a map with "secret"'}, but is ${describeValue(input)}${hint}`;
  },
});

/** Environment variables by name; a value is text, or names a secret. Lengths are checked together with the names. */
export const envSchema = z.record(
  z.string().regex(envName, {
    error: ({ input }) =>
      typeof input === 'string' && input.startsWith('CHAINR_')
        ? 'names that begin with CHAINR_ are reserved for chainr'
        : 'the name of a variable has at most 255 letters, digits and underscores, and does not begin with a digit',
  }),
  envValue,
);

/** A length of time such as `90s`, `30m`, `1h30m`, `500ms`; units d, h, m, s, ms. */
export const durationSchema = z
  .string({
    error: ({ input }) =>
      typeof input === 'number'
        ? `must be a duration with its unit, such as "${String(input)}s", but is ${describeValue(input)}`
        : undefined,
  })
  .refine(
    (text) => parseDuration(text) !== undefined,
    'must be a duration such as "90s", "30m" or "1h30m", of at most 365 days',
  )
  .meta({ pattern: durationPattern.source });

export const prioritySchema = z
  .int()
  .min(-priorityBase)
  .max(priorityBase)
  .describe(
    'Jobs with a higher priority start first. Default: 0. The priority of a job replaces that of its pipeline.',
  );

const quantitySchema = z.union(
  [z.string().regex(quantity, 'must be a quantity such as "500m", "2" or "256Mi"'), z.number().min(0)],
  {
    error: ({ input }) =>
      input === null
        ? 'is empty; it must be a quantity such as "500m", "2" or "256Mi"'
        : 'must be a quantity such as "500m", "2" or "256Mi"',
  },
);

const quantities = z.record(
  z.string().regex(resourceName, 'must be cpu, memory, ephemeral-storage or a name such as "nvidia.com/gpu"'),
  quantitySchema,
);

const words = (least: number) => list(argument, least, pipelineLimits.commandWords);

export const shellSchema = list(argument, 1, pipelineLimits.shellWords)
  .refine(([program]) => program !== '', 'must begin with a program, such as /bin/bash')
  .describe('Program and arguments that run the scripts of `run`; the script is the last argument.');

const container = {
  title: titleSchema.exactOptional(),
  image: image.exactOptional(),
  run: script.exactOptional(),
  shell: shellSchema.exactOptional(),
  command: words(1).exactOptional(),
  args: words(0).exactOptional(),
  env: envSchema.exactOptional(),
  workdir: workdir.exactOptional(),
  user: z
    .string()
    .regex(userPattern, 'must be a user such as "1000", "1000:1000" or "node"')
    .exactOptional()
    .describe(
      'User in the container: a name or id, optionally with a group after a colon. Default: the user of the image.',
    ),
  resources: strictMap({ requests: quantities.exactOptional(), limits: quantities.exactOptional() }).exactOptional(),
};

export const pullSchema = z
  .enum(['ifNotPresent', 'always', 'never'])
  .describe('When to pull the image. Default: ifNotPresent.');

/** The name of a job or step. */
export const nameSchema = z
  .string()
  .superRefine((name, context) => {
    const message = whyNoName(name);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({ pattern: dnsLabel.source, maxLength: 63, not: { const: 'constructor' } });

export const poolSchema = nameSchema.describe(
  'Name of a pool: the workers that run the job. The pool of a job replaces that of its pipeline.',
);

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
        'Time limit of each attempt, from the start of its first step. An attempt that exceeds it ends FAILED with the reason TimedOut.',
      ),
    pendingTimeout: durationSchema
      .exactOptional()
      .describe('Time limit from the claim of an attempt to its start, including image pulls. Default: 10 minutes.'),
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
      .describe('New attempts after a failure: an exit code other than 0, a signal, out of memory or the timeout.'),
    rerun: z
      .literal('always')
      .exactOptional()
      .describe('A rerun never reuses this job: it runs again, and all that depends on it.'),
    priority: prioritySchema.exactOptional(),
    pool: poolSchema.exactOptional(),
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

import { z } from 'zod';
import { describeUnknown, describeValue, textHint } from '../checks/describe-issue.js';
import { valueWords, type ForeignWords } from '../checks/foreign-words.js';
import { durationPattern, parseDuration } from '../duration.js';
import { pipelineLimits } from '../limits.js';
import {
  configKey,
  dnsLabel,
  dnsSubdomain,
  envName,
  labelKey,
  labelValue,
  quantity,
  resourceName,
  secretName,
  whyNoName,
} from '../names.js';
import { priorityBase } from '../priorities.js';

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
export const text = (most: number): z.ZodString =>
  z
    .string()
    .refine(({ length }) => length > 0, 'is empty')
    .refine(({ length }) => length <= most, `is longer than ${String(most)} characters`)
    .meta({ minLength: 1, maxLength: most });

/** A list with length limits. Lists above 100 entries are refused earlier (`toPlain`). */
export const list = <Item extends z.ZodType>(
  item: Item,
  least: number,
  most: number,
  sayOther: (input: unknown) => string | undefined = () => undefined,
): z.ZodArray<Item> =>
  z
    .array(item, { error: ({ input }) => sayOther(input) })
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
export const imageSchema = text(pipelineLimits.imageLength)
  .refine((name) => /^\S+$/.test(withoutReferences(name)), 'must be the name of an image, without spaces')
  .refine(
    (name) => !/\p{Cc}/u.test(withoutReferences(name)),
    'must be the name of an image, without control characters',
  )
  .meta({ pattern: `^([^\\s${controls}$]|\\$(?!\\{\\{)|\\$\\{\\{[^{}]+\\}\\})+$` });

export const workdirSchema = text(pipelineLimits.workdirLength)
  .regex(/^\//, 'must be an absolute path, beginning with "/"')
  .refine((path) => !/\p{Cc}/u.test(path), 'must be a path without control characters')
  .meta({ pattern: `^\\/[^${controls}]*$` });

const secretReference = strictMap(
  {
    secret: z
      .string()
      .regex(
        secretName,
        'the name of a secret has at most 253 letters, digits, ".", "-" and "_", and does not begin with "." or "-"',
      ),
  },
  undefined,
  valueWords,
).describe('Name of a secret of the worker.');

export const objectName = z
  .string()
  .regex(
    dnsSubdomain,
    'the name of an object of Kubernetes has at most 253 lower-case letters, digits, "-" and ".", and begins and ends with a letter or digit',
  );

const objectKey = z
  .string()
  .regex(
    configKey,
    'a key has at most 253 letters, digits, "-", "_" and ".", and is not "." or "..", nor begins with ".."',
  );

const clusterSecret = strictMap({ kubernetesSecret: objectName, key: objectKey }).describe(
  'Key of a Secret in the namespace of the pod; only with the Kubernetes executor.',
);

const clusterConfig = strictMap({ configMap: objectName, key: objectKey }).describe(
  'Key of a ConfigMap in the namespace of the pod; only with the Kubernetes executor.',
);

const envValue = z.union([z.string(), secretReference, clusterSecret, clusterConfig], {
  error: ({ input }) => {
    const hint = textHint(input);
    const maps = ', or a map with "secret", "kubernetesSecret" or "configMap"';
    return `must be text${hint ? '' : maps}, but is ${describeValue(input)}${hint}`;
  },
});

/** Environment variables by name; a value is text, or names a secret or a value of the cluster. Lengths are checked together with the names. */
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

export const quantitiesSchema = z.record(
  z.string().regex(resourceName, 'must be cpu, memory, ephemeral-storage or a name such as "nvidia.com/gpu"'),
  quantitySchema,
);

export const words = (least: number) => list(argument, least, pipelineLimits.commandWords);

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

export const scriptSchema = z
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

export const shellSchema = list(argument, 1, pipelineLimits.shellWords)
  .refine(([program]) => program !== '', 'must begin with a program, such as /bin/bash')
  .describe('Program and arguments that run the scripts of `run`; the script is the last argument.');

export const labelsSchema = z.record(
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

export const resourcesSchema = strictMap({
  requests: quantitiesSchema.exactOptional(),
  limits: quantitiesSchema.exactOptional(),
});

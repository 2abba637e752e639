import { z } from 'zod';
import { addIssues, describeIssue, describeValue } from '@chainr/core/pipeline/checks/describe-issue';
import { pipelineLimits } from '@chainr/core/pipeline/limits';
import { MistakeList } from '@chainr/core/pipeline/mistakes';
import { configKey, secretName } from '@chainr/core/pipeline/names';
import { toPlain } from '@chainr/core/pipeline/plain-values';
import { readYaml } from '@chainr/core/pipeline/reading/read-yaml';
import { PipelineSyntaxError } from '@chainr/core/pipeline/reading/syntax-error';
import {
  list,
  objectName,
  quantitiesSchema,
  resourcesSchema,
  strictMap,
  text,
} from '@chainr/core/pipeline/schema/fields';
import { amountOf } from '../../quantities.js';
import { defaultPolicy, type Amounts, type Policy } from './policy.js';

const patterns = list(text(pipelineLimits.imageLength), 0, pipelineLimits.entries).exactOptional();
const flag = z.boolean().exactOptional();

const hostPath = text(pipelineLimits.workdirLength).regex(
  /^\/(?!.*(?:\/\/|\/\.\.?(?:\/|$)))/,
  'must be an absolute path without "..", such as /var/cache/builds',
);

const policySchema = strictMap(
  {
    allow: strictMap({
      images: patterns,
      serviceAccounts: patterns,
      secrets: patterns,
      configMaps: patterns,
      persistentVolumeClaims: patterns,
      hostPaths: list(hostPath, 0, pipelineLimits.entries).exactOptional(),
      volumeTypes: patterns,
      fields: patterns,
      priorityClasses: patterns,
      runtimeClasses: patterns,
      capabilities: patterns,
      hostNetwork: flag,
      hostPID: flag,
      hostIPC: flag,
      privileged: flag,
      privilegeEscalation: flag,
      unconfined: flag,
    }).exactOptional(),
    runAsNonRoot: flag,
    resources: strictMap({
      default: resourcesSchema.exactOptional(),
      maximum: quantitiesSchema.exactOptional(),
    }).exactOptional(),
    secrets: strictMap({
      fromSecret: objectName.exactOptional(),
      named: z
        .record(
          z.string().regex(secretName, 'must be the name of a secret, such as deploy-token'),
          strictMap({ secret: objectName, key: z.string().regex(configKey, 'must be a key of the Secret') }),
        )
        .exactOptional(),
    }).exactOptional(),
  },
  (input) => `a policy is a map with "allow" and other fields, but this is ${describeValue(input)}`,
);

/**
 * Reads the file of a policy, YAML or JSON. What it leaves out is as in `defaultPolicy`.
 * @throws an Error whose message is a line for each mistake
 */
export function readPolicy(content: string): Policy {
  const mistakes = new MistakeList();
  const document = toPlain(parse(content), [], mistakes);
  const checked = policySchema.safeParse(document ?? {}, { error: describeIssue });
  if (!checked.success) addIssues(checked.error.issues, [], mistakes);
  else checkAmounts(checked.data.resources ?? {}, mistakes);
  if (!checked.success || !mistakes.isEmpty) {
    throw new Error(mistakes.list().map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n')); // prettier-ignore
  }
  const { allow, runAsNonRoot, resources, secrets } = checked.data;
  return {
    allow: { ...defaultPolicy.allow, ...allow },
    runAsNonRoot: runAsNonRoot ?? defaultPolicy.runAsNonRoot,
    resources: { ...defaultPolicy.resources, ...resources },
    secrets: { ...defaultPolicy.secrets, ...secrets },
  };
}

function parse(content: string): unknown {
  try {
    return readYaml(content.replace(/^\ufeff/, ''));
  } catch (error) {
    if (!(error instanceof PipelineSyntaxError)) throw error;
    throw new Error(error.message, { cause: error });
  }
}

/** A container without a limit has no maximum, so each maximum needs a default. */
function checkAmounts(
  { default: { requests = {}, limits = {} } = {}, maximum = {} }: { default?: { requests?: Amounts; limits?: Amounts }; maximum?: Amounts }, // prettier-ignore
  mistakes: MistakeList,
): void {
  for (const [name, most] of Object.entries(maximum)) {
    const limit = limits[name];
    const path = ['resources', 'default', 'limits', name];
    if (limit === undefined)
      mistakes.add(path, 'is missing: containers that say nothing need a limit, since there is a maximum'); // prettier-ignore
    else if (isAbove(limit, most)) mistakes.add(path, `is above the maximum, ${String(most)}`);
  }
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name] ?? maximum[name];
    if (limit !== undefined && isAbove(request, limit)) {
      mistakes.add(['resources', 'default', 'requests', name], `is above the limit, ${String(limit)}`);
    }
  }
}

const isAbove = (one: string | number, other: string | number): boolean => amountOf(one) > amountOf(other);

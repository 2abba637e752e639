import { pipelineLimits } from '@chainr/core/pipeline/limits';
import type { Outputs } from '@chainr/core/engine/outcome';
import type { ClusterValue, EnvValue, SecretReference } from '@chainr/core/pipeline/pipeline';
import { hasReference, parseReferences } from '@chainr/core/pipeline/references';
import type { ServiceSpec } from '@chainr/core/pipeline/services';
import type { FilledEnv, StepSpec, WrittenStep } from '@chainr/core/pipeline/steps';
import type { Attempt } from './attempt.js';
import type { PendingReferences } from './attempt-spec.js';
import type { WorkContext } from '../context.js';
import { Abandoned } from '../leases/held-lease.js';
import { Mask } from '../mask/mask.js';
import { readSecret, type FoundSecret } from './read-secret.js';
import { retryDuringOutage, type Outage } from './retry-during-outage.js';

const valuesOut: Outage = {
  event: 'references.out',
  what: 'The secrets or outputs that a job refers to cannot be read',
};

/**
 * Replaces the references of an attempt by their values: outputs of jobs that it depends on, which do not change any
 * more, and secrets. Values of a cluster are not read: the executor passes the reference on. A worker that adopts the
 * attempt does the same, so it hides the same secrets.
 *
 * @returns a sentence if something is missing
 * @throws Abandoned if this worker interrupts the attempt while they cannot be read
 */
export async function resolveReferences(context: WorkContext, attempt: Attempt): Promise<string | undefined> {
  const { references } = attempt;
  if (!references) return undefined;
  const read = () => readValues(context, attempt, references).catch((error: unknown) => giveUp(attempt, error));
  const values = await retryDuringOutage(context, attempt, read, valuesOut);
  if (values instanceof Abandoned) throw values;
  if (!values) return 'It was stopped before its secrets could be read.';
  const mask = new Mask([...values.secrets.values()].flatMap((found) => ('value' in found ? [found.value] : [])));
  attempt.hide(mask);
  const steps: StepSpec[] = [];
  const services: ServiceSpec[] = [];
  for (const step of references.steps) {
    const filled = fillContainer(step, `step "${step.name}"`, values);
    if ('refusal' in filled) return mask.text(filled.refusal);
    steps.push({ ...step, ...filled });
  }
  for (const service of references.services) {
    const filled = fillContainer(service, `service "${service.name}"`, values);
    if ('refusal' in filled) return mask.text(filled.refusal);
    services.push({ ...service, ...filled });
  }
  attempt.resolve({ steps, ...(services.length > 0 && { services }) });
  return undefined;
}

/** An attempt that must end does not wait for its values. One that this worker interrupts is left as it is. */
function giveUp({ held, stop, interruptedAt }: Attempt, error: unknown): Abandoned | undefined {
  if (interruptedAt !== undefined) return new Abandoned(`the values of ${held.key} cannot be read`, { cause: error });
  if (stop !== undefined) return undefined;
  throw error;
}

interface Values {
  /** By name. */
  secrets: ReadonlyMap<string, FoundSecret>;
  /** By the name of the job. */
  outputs: ReadonlyMap<string, Outputs>;
}

async function readValues(
  { store, config, executor }: WorkContext,
  { spec }: Attempt,
  { steps, services, outputsOf }: PendingReferences,
): Promise<Values> {
  const values = [...steps, ...services].flatMap(({ env }) => Object.values(env));
  const names = new Set(values.flatMap((value) => (isSecret(value) ? [value.secret] : [])));
  const jobs = Object.entries(outputsOf);
  const [secrets, outputs] = await Promise.all([
    Promise.all(
      [...names].map(async (name) => {
        const kept = await executor.readSecret?.(name, spec);
        return [name, await readSecret(config, name, kept)] as const;
      }),
    ),
    store.runs.getOutputs(spec.run, jobs.map(([, index]) => index)), // prettier-ignore
  ]);
  return {
    secrets: new Map(secrets),
    outputs: new Map(jobs.map(([name, index]) => [name, outputs.get(index) ?? {}])),
  };
}

type Filled<T> = T | { refusal: string };

const isSecret = (value: EnvValue): value is SecretReference => typeof value === 'object' && 'secret' in value;

/** @param what the container, for messages */
function fillContainer(
  written: Pick<WrittenStep, 'image' | 'env'>,
  what: string,
  values: Values,
): Filled<FilledEnv & Pick<StepSpec, 'image'>> {
  const env: Record<string, string> = {};
  const clusterEnv: Record<string, ClusterValue> = {};
  const secretNames: string[] = [];
  for (const [name, value] of Object.entries(written.env)) {
    if (typeof value === 'object' && !isSecret(value)) {
      clusterEnv[name] = value;
      continue;
    }
    const filled: FoundSecret = fillValue(value, values, `the variable ${name} of ${what}`);
    if ('refusal' in filled) return filled;
    if (typeof value === 'object') secretNames.push(name);
    if (filled.place) clusterEnv[name] = filled.place;
    else env[name] = filled.value;
  }
  const where = `the image of ${what}`;
  const image = fillValue(written.image, values, where);
  if ('refusal' in image) return image;
  const isImage = /^\S+$/.test(image.value) && image.value.length <= pipelineLimits.imageLength;
  if (!isImage) return { refusal: `What outputs make of ${where} is not the name of an image.` };
  return {
    image: image.value,
    env,
    ...(Object.keys(clusterEnv).length > 0 && { clusterEnv }),
    ...(secretNames.length > 0 && { secretNames }),
  };
}

/** @param where its place, for the message */
function fillValue(value: string | SecretReference, { secrets, outputs }: Values, where: string): FoundSecret {
  if (typeof value !== 'string') {
    const found = secrets.get(value.secret) ?? { refusal: 'was not looked for' };
    return 'value' in found ? found : { refusal: `The secret "${value.secret}", for ${where}, ${found.refusal}.` };
  }
  if (!hasReference(value)) return { value };
  const parsed = parseReferences(value);
  if ('mistake' in parsed) return { refusal: `What is written as ${where} ${parsed.mistake}.` };
  let text = '';
  for (const part of parsed.parts) {
    const found = typeof part === 'string' ? part : (outputOf(outputs.get(part.job), part.key) ?? part.fallback);
    if (found === undefined && typeof part === 'object') {
      const mend = `write \${{ jobs.${part.job}.outputs.${part.key} or "text" }} to give a default`;
      return { refusal: `The job "${part.job}" has no output "${part.key}", which ${where} refers to; ${mend}.` };
    }
    text += found ?? '';
  }
  return { value: text };
}

const outputOf = (outputs: Outputs = {}, key: string): string | undefined =>
  Object.hasOwn(outputs, key) ? outputs[key] : undefined;

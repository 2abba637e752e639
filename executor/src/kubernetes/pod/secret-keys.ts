import type { StepSpec } from '@chainr/core/pipeline/steps';
import { containerName } from '../names.js';

/** A step or service. */
export type SecretHolder = Pick<StepSpec, 'name' | 'env' | 'secretNames'>;

/**
 * The variables of a step or service whose values only the worker has, each with its key in the Secret of the attempt. A
 * name may be longer than a key can be.
 */
export function secretKeys({ name, env, secretNames = [] }: SecretHolder): Map<string, string> {
  const keys = Object.keys(env).map(
    (variable, place) => [variable, `${containerName(name)}.${String(place)}`] as const,
  );
  return new Map(keys.filter(([variable]) => secretNames.includes(variable)));
}

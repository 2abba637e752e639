import type { PlainMap } from '@chainr/core/pipeline/plain-values';
import type { AttemptSpec } from '../../port.js';
import { containerName } from '../names.js';
import { itemsOf, mapOf } from '../patch/parts.js';
import { secretKeys } from './secret-keys.js';
import type { PodJson } from './pod-json.js';

/**
 * A pod without the variables by which chainr itself gives secrets to the steps and services: the policy does not have to
 * allow the Secrets behind them. A pipeline that names such a Secret in any other way gets no further by that.
 * @param secret the name of the Secret of the attempt
 */
export function withoutGranted(pod: PodJson, spec: AttemptSpec, secret: string): PodJson {
  const granted = new Set(grantedTo(spec, secret));
  if (granted.size === 0) return pod;
  const filtered: PlainMap = { ...mapOf(pod.spec) };
  for (const list of ['initContainers', 'containers']) {
    filtered[list] = itemsOf(filtered[list]).map((container) => ({
      ...container,
      env: itemsOf(container['env']).filter((variable) => !granted.has(keyOf(container['name'], variable))),
    }));
  }
  return { ...pod, spec: filtered } as unknown as PodJson;
}

function* grantedTo({ steps, services = [] }: AttemptSpec, secret: string): Generator<string> {
  for (const container of [...steps, ...services]) {
    const name = containerName(container.name);
    for (const [variable, key] of secretKeys(container)) yield keyOf(name, reference(variable, secret, key));
    for (const [variable, value] of Object.entries(container.clusterEnv ?? {})) {
      if (!('kubernetesSecret' in value) || !container.secretNames?.includes(variable)) continue;
      yield keyOf(name, reference(variable, value.kubernetesSecret, value.key));
    }
  }
}

const reference = (name: string, secret: string, key: string): PlainMap => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
});

/** Identifies a variable of a container by all that it says. */
const keyOf = (container: unknown, { name, valueFrom, ...rest }: PlainMap): string => {
  const { name: secret, key, ...more } = mapOf(mapOf(valueFrom)['secretKeyRef']);
  return JSON.stringify([container, name, secret, key, Object.keys(mapOf(valueFrom)).length, rest, more]);
};

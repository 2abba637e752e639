import { readFileSync } from 'node:fs';
import type { Container, EnvVar, Pod } from '../objects.js';
import type { ObjectStore } from '../store/object-store.js';
import { expand } from './expand.js';
import { searchPath } from './machine.js';

/** What the kubelet cannot make a container of: the waiting state CreateContainerConfigError with this message. */
export class ConfigFailure extends Error {}

/** The environment of a container, with the values of Secrets and ConfigMaps as they are now. */
export function resolveEnvironment(store: ObjectStore, pod: Pod, container: Container): Map<string, string> {
  const env = new Map([
    ['PATH', searchPath],
    ['HOSTNAME', pod.metadata.name],
    ['KUBERNETES_SERVICE_HOST', '10.96.0.1'],
    ['KUBERNETES_SERVICE_PORT', '443'],
  ]);
  const namespace = pod.metadata.namespace ?? '';
  for (const { prefix = '', secretRef, configMapRef } of container.envFrom ?? []) {
    const [resource, ref] = secretRef ? (['secrets', secretRef] as const) : (['configmaps', configMapRef] as const);
    const values = readValues(store, resource, namespace, ref?.name ?? '', ref?.optional === true);
    for (const [key, value] of Object.entries(values ?? {})) env.set(prefix + key, value);
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(store, pod, variable, (name) => env.get(name));
    if (value !== undefined) env.set(variable.name, value);
  }
  return env;
}

/** The home folder of a user, which runc takes from the image's list of users: here that of this machine. */
export function homeOf(user: number): string {
  const row = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([, , id]) => id === String(user));
  return row?.[5] ?? '/';
}

function valueOf(
  store: ObjectStore,
  pod: Pod,
  { value = '', valueFrom }: EnvVar,
  known: (name: string) => string | undefined,
): string | undefined {
  if (!valueFrom) return expand(value, known);
  const namespace = pod.metadata.namespace ?? '';
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom;
  if (fieldRef) return readFieldPath(pod, fieldRef.fieldPath);
  const [resource, ref] = secretKeyRef
    ? (['secrets', secretKeyRef] as const)
    : (['configmaps', configMapKeyRef] as const);
  if (!ref) return undefined;
  const { name = '', key, optional = false } = ref;
  const values = readValues(store, resource, namespace, name, optional);
  const found = values?.[key];
  if (found === undefined && !optional) {
    const kind = resource === 'secrets' ? 'Secret' : 'ConfigMap';
    throw new ConfigFailure(`couldn't find key ${key} in ${kind} ${namespace}/${name}`);
  }
  return found;
}

/** @returns undefined for an optional object that does not exist */
export function readValues(
  store: ObjectStore,
  resource: 'secrets' | 'configmaps',
  namespace: string,
  name: string,
  isOptional: boolean,
): Record<string, string> | undefined {
  const object = store.get(resource, namespace, name);
  if (!object) {
    if (isOptional) return undefined;
    throw new ConfigFailure(`${resource === 'secrets' ? 'secret' : 'configmap'} "${name}" not found`);
  }
  const data = Object.entries(object.data ?? {});
  if (resource === 'configmaps') return Object.fromEntries(data);
  return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

function readFieldPath({ metadata, spec, status }: Pod, fieldPath: string): string {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  const values: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.podIP': status.podIP,
    'status.hostIP': status.hostIP,
  };
  const value = values[fieldPath];
  if (value === undefined) throw new ConfigFailure(`unsupported fieldPath: ${fieldPath}`);
  return value;
}

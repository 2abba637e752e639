import { ApiError } from '../api/status.js';
import type { Container, Pod } from '../objects.js';

const podFields = ['readinessGates', 'ephemeralContainers', 'resourceClaims'] as const;
const containerFields = [
  'lifecycle',
  'livenessProbe',
  'readinessProbe',
  'restartPolicyRules',
  'stdin',
  'tty',
  'volumeDevices',
] as const;
const volumeTypes = ['emptyDir', 'secret', 'configMap', 'hostPath', 'projected'];

/**
 * Refuses a pod whose containers would run otherwise on a cluster: a test must not pass because the stand-in ignores a
 * field. A pod with a scheduling gate may have all of them, since nothing of it ever runs.
 *
 * @throws ApiError 501, which names every such field
 */
export function refuseUnmodelled({ spec }: Pod): void {
  if ((spec.schedulingGates ?? []).length > 0) return;
  const found = [
    ...podFields.filter((field) => isSet(spec, field)).map((field) => `spec.${field}`),
    ...(spec.restartPolicy === 'Never' ? [] : [`spec.restartPolicy: ${spec.restartPolicy ?? ''}`]),
    ...spec.containers.flatMap((container, at) => fieldsOf(container, `spec.containers[${at}]`)),
    ...(spec.initContainers ?? []).flatMap((container, at) => fieldsOf(container, `spec.initContainers[${at}]`)),
    ...(spec.volumes ?? []).flatMap(({ name, ...source }, at) =>
      Object.keys(source)
        .filter((type) => !volumeTypes.includes(type))
        .map((type) => `spec.volumes[${at}].${type}`),
    ),
  ];
  if (found.length === 0) return;
  throw new ApiError(501, 'NotImplemented', `the stand-in of Kubernetes does not model ${found.join(', ')}`);
}

function fieldsOf(container: Container, path: string): string[] {
  return [
    ...containerFields.filter((field) => isSet(container, field)).map((field) => `${path}.${field}`),
    ...(container.startupProbe && isSet(container.startupProbe, 'grpc') ? [`${path}.startupProbe.grpc`] : []),
  ];
}

const isSet = (object: object, field: string): boolean =>
  ![undefined, null, false].includes((object as Record<string, undefined | null | false>)[field]);

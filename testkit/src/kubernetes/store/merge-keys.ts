/**
 * The merge keys of strategic merge patches, from the tags `patchMergeKey` of Kubernetes' types; an empty key is that of
 * a set of plain values. The last two names of a path are enough to tell the lists of a pod apart.
 */
const mergeKeys: Record<string, string> = {
  'metadata.finalizers': '',
  'metadata.ownerReferences': 'uid',
  'spec.containers': 'name',
  'spec.initContainers': 'name',
  'spec.volumes': 'name',
  'spec.imagePullSecrets': 'name',
  'spec.hostAliases': 'ip',
  'spec.schedulingGates': 'name',
  'spec.topologySpreadConstraints': 'topologyKey',
  'containers.env': 'name',
  'containers.ports': 'containerPort',
  'containers.volumeMounts': 'mountPath',
  'containers.volumeDevices': 'devicePath',
  'initContainers.env': 'name',
  'initContainers.ports': 'containerPort',
  'initContainers.volumeMounts': 'mountPath',
  'initContainers.volumeDevices': 'devicePath',
  'status.conditions': 'type',
};

/** @param path names from the root of the object, with dots; elements of lists leave nothing in it */
export function mergeKeyOf(path: string): string | undefined {
  return mergeKeys[path.split('.').slice(-2).join('.')];
}

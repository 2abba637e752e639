import type { MergeRules } from './strategic-merge.js';

const metadata: MergeRules = { finalizers: { mergeKey: '' }, ownerReferences: { mergeKey: 'uid' } };

const container: MergeRules = {
  env: { mergeKey: 'name' },
  ports: { mergeKey: 'containerPort' },
  volumeDevices: { mergeKey: 'devicePath' },
  volumeMounts: { mergeKey: 'mountPath' },
};

/**
 * The lists of a Pod that a strategic merge patch merges: `x-kubernetes-patch-merge-key` in the OpenAPI document of
 * Kubernetes. Every other list is replaced as a whole: tolerations, envFrom and the sources of projected volumes too.
 */
export const podMergeRules: MergeRules = {
  metadata: { fields: metadata },
  spec: {
    fields: {
      containers: { mergeKey: 'name', fields: container },
      ephemeralContainers: { mergeKey: 'name', fields: container },
      hostAliases: { mergeKey: 'ip' },
      imagePullSecrets: { mergeKey: 'name' },
      initContainers: { mergeKey: 'name', fields: container },
      resourceClaims: { mergeKey: 'name' },
      schedulingGates: { mergeKey: 'name' },
      topologySpreadConstraints: { mergeKey: 'topologyKey' },
      volumes: { mergeKey: 'name' },
    },
  },
};

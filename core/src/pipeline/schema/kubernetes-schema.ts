import { z } from 'zod';
import { kubernetesWords } from '../checks/foreign-words.js';
import { pipelineLimits } from '../limits.js';
import { dnsLabel, isOwnPodLabel, labelKey, labelValue } from '../names.js';
import { list, objectName, strictMap, text } from './fields.js';

/** An object of Kubernetes, or a part of one. Its content is the matter of the API server. */
const part = z.record(z.string(), z.unknown());

const parts = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  list(z.looseObject(shape), 0, pipelineLimits.entries);

const keyText =
  'the key of a label or annotation is a name such as "team" or "example.com/team", of at most 63 characters after the "/"';

const labelValueSchema = z
  .string()
  .regex(labelValue, 'has at most 63 letters, digits, ".", "-" and "_", and begins and ends with a letter or digit');

/** A key of a label or annotation that a pipeline may set. */
const podKey = z
  .string()
  .regex(labelKey, keyText)
  .refine((key) => !isOwnPodLabel(key), 'is set by chainr itself; use another key');

/** A Toleration as Kubernetes writes it (core/v1). */
const toleration = strictMap({
  key: z.string().regex(labelKey, 'must be the key of a taint, such as "dedicated"').exactOptional(),
  operator: z.enum(['Exists', 'Equal', 'Lt', 'Gt']).exactOptional(),
  value: labelValueSchema.exactOptional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).exactOptional(),
  tolerationSeconds: z.int().exactOptional(),
});

/** `kubernetes` of a pipeline or job. What only the API server can judge is not checked here. */
export const kubernetesSchema = strictMap(
  {
    namespace: z
      .string()
      .regex(dnsLabel, 'must be the name of a namespace: 1 to 63 lower-case letters, digits and hyphens')
      .exactOptional()
      .describe('Namespace of the pod, one that the worker serves.'),
    serviceAccount: objectName.exactOptional().describe('Service account of the pod.'),
    nodeSelector: z
      .record(z.string().regex(labelKey, keyText), labelValueSchema)
      .exactOptional()
      .describe('Labels that the node must have.'),
    tolerations: list(toleration, 0, pipelineLimits.entries)
      .exactOptional()
      .describe('Taints of nodes that the pod tolerates, as Kubernetes writes them.'),
    affinity: part.exactOptional().describe('Affinity of the pod, as Kubernetes writes it.'),
    imagePullSecrets: list(objectName, 0, pipelineLimits.entries)
      .exactOptional()
      .describe('Names of Secrets with credentials of registries.'),
    labels: z.record(podKey, labelValueSchema).exactOptional().describe('Labels of the pod.'),
    annotations: z.record(podKey, z.string()).exactOptional().describe('Annotations of the pod.'),
    priorityClassName: objectName.exactOptional().describe('Priority class of the pod.'),
    runtimeClassName: objectName.exactOptional().describe('Runtime class of the pod, such as gvisor.'),
    volumes: parts({ name: z.string().regex(dnsLabel, 'must be the name of a volume, such as "cache"') })
      .exactOptional()
      .describe('Volumes of the pod, as Kubernetes writes them.'),
    volumeMounts: parts({ name: z.string(), mountPath: text(pipelineLimits.workdirLength) })
      .exactOptional()
      .describe('Where volumes are mounted in every step, as Kubernetes writes it.'),
    podPatch: part
      .exactOptional()
      .describe('A part of a Pod that is merged into the pod of the job, by the rules of a strategic merge patch.'),
  },
  undefined,
  kubernetesWords,
);

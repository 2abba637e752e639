import type { KubernetesSettings } from '@chainr/core/pipeline/pipeline';
import type { AttemptSpec } from '../../port.js';
import { annotations, finalizer, labelsOf, podName, type NamedAttempt } from '../names.js';
import { neverGate, type Verdict } from './pod-view.js';
import type { ContainerJson, PodJson, VolumeJson } from './pod-json.js';
import { serviceContainer } from './service-container.js';
import { stepContainer, workspaceVolume } from './step-container.js';

/** Settings of the worker that every pod gets. */
export interface PodSettings {
  /** Between SIGTERM and SIGKILL, in whole seconds. */
  graceSeconds: number;
  /** How long a pod may run if no worker ends it: a backstop, in seconds. */
  backstopSeconds: number;
}

/**
 * The pod of an attempt: its steps are init containers, which the kubelet runs one after the other, and the last one is
 * the main container. Services are init containers too, which go on beside the steps. Containers share a process namespace, so none of them is process 1, for which the kernel ignores
 * signals without a handler: a script ends at SIGTERM as it does elsewhere.
 */
export function buildPod(instance: string, namespace: string, spec: AttemptSpec, settings: PodSettings): PodJson {
  const { kubernetes = {}, services = [] } = spec;
  const secret = podName(instance, spec);
  const steps = spec.steps.map((_step, index) => securely(stepContainer(spec, index, secret), spec, index));
  const main = steps.pop();
  if (!main) throw new Error('an attempt has at least one step');
  const beside = services.map((service) => ({ ...serviceContainer(service, secret), securityContext: restricted }));
  const first = [...beside, ...steps];
  const { serviceAccount, labels, annotations: noted, volumes } = kubernetes;
  const own = metadataOf(instance, namespace, spec);
  const scheduling = schedulingOf(kubernetes);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...own,
      labels: { ...labels, ...own.labels },
      annotations: { ...noted, ...(spec.pipeline !== '' && { [annotations.pipeline]: spec.pipeline }) },
    },
    spec: {
      restartPolicy: 'Never',
      // A token is for those who ask for the rights of a service account.
      automountServiceAccountToken: serviceAccount !== undefined,
      ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount }),
      enableServiceLinks: false,
      shareProcessNamespace: true,
      terminationGracePeriodSeconds: settings.graceSeconds,
      activeDeadlineSeconds: settings.backstopSeconds,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      ...scheduling,
      volumes: [{ name: workspaceVolume, emptyDir: {} }, ...((volumes ?? []) as VolumeJson[])],
      ...(first.length > 0 && { initContainers: first }),
      ...(services.length > 0 && { hostAliases: [{ ip: '127.0.0.1', hostnames: services.map(({ name }) => name) }] }),
      containers: [main],
    },
  };
}

/** A pod that only takes the name of an attempt: it is never scheduled, and runs nothing. */
export function buildTombstone(instance: string, namespace: string, key: NamedAttempt, verdict: Verdict): PodJson {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadataOf(instance, namespace, key),
      annotations: { [annotations.verdict]: JSON.stringify(verdict) },
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      schedulingGates: [{ name: neverGate }],
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'never', image: 'chainr.invalid/never', securityContext: restricted, resources: nothing }],
    },
  };
}

/** What the API takes as it was written. Its content is checked by the API server. */
function schedulingOf({ imagePullSecrets, ...settings }: KubernetesSettings): Partial<NonNullable<PodJson['spec']>> {
  const names = ['nodeSelector', 'tolerations', 'affinity', 'priorityClassName', 'runtimeClassName'] as const;
  const given: [string, unknown][] = names.map((name) => [name, settings[name]]);
  return {
    ...(Object.fromEntries(given.filter(([, value]) => value !== undefined)) as object),
    ...(imagePullSecrets && { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
  };
}

const metadataOf = (instance: string, namespace: string, key: NamedAttempt) => ({
  name: podName(instance, key),
  namespace,
  labels: labelsOf(instance, key),
  finalizers: [finalizer],
});

/** What Pod Security "restricted" wants of a container: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/** A quota that wants resources of every pod accepts it. */
const nothing = { requests: { cpu: '0', memory: '0' }, limits: { cpu: '1m', memory: '1Mi' } };

function securely(container: ContainerJson, spec: AttemptSpec, index: number): ContainerJson {
  const [user, group] = (spec.steps[index]?.user ?? '').split(':');
  return {
    ...container,
    securityContext: {
      ...restricted,
      // That it is not root must be said, for Pod Security.
      ...(user && { runAsUser: Number(user), ...(Number(user) > 0 && { runAsNonRoot: true }) }),
      ...(group && { runAsGroup: Number(group) }),
    },
  };
}

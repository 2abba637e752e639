import type { AttemptSpec } from '../../port.js';
import { annotations, finalizer, labelsOf, podName, type NamedAttempt } from '../names.js';
import { neverGate, type Verdict } from './pod-view.js';
import type { ContainerJson, PodJson } from './pod-json.js';
import { stepContainer, workspaceVolume } from './step-container.js';

/** Settings of the worker that every pod gets. */
export interface PodSettings {
  /** Between SIGTERM and SIGKILL, in whole seconds. */
  graceSeconds: number;
  /** Refuse images that run as root. */
  runAsNonRoot: boolean;
  /** How long a pod may run if no worker ends it: a backstop, in seconds. */
  backstopSeconds: number;
}

/**
 * The pod of an attempt: its steps are init containers, which the kubelet runs one after the other, and the last one is
 * the main container. Containers share a process namespace, so none of them is process 1, for which the kernel ignores
 * signals without a handler: a script ends at SIGTERM as it does elsewhere.
 */
export function buildPod(instance: string, namespace: string, spec: AttemptSpec, settings: PodSettings): PodJson {
  const containers = spec.steps.map((_step, index) => securely(stepContainer(spec, index), spec, index));
  const main = containers.pop();
  if (!main) throw new Error('an attempt has at least one step');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadataOf(instance, namespace, spec),
      ...(spec.pipeline !== '' && { annotations: { [annotations.pipeline]: spec.pipeline } }),
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      shareProcessNamespace: true,
      terminationGracePeriodSeconds: settings.graceSeconds,
      activeDeadlineSeconds: settings.backstopSeconds,
      securityContext: {
        seccompProfile: { type: 'RuntimeDefault' },
        ...(settings.runAsNonRoot && { runAsNonRoot: true }),
      },
      volumes: [{ name: workspaceVolume, emptyDir: {} }],
      ...(containers.length > 0 && { initContainers: containers }),
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

const metadataOf = (instance: string, namespace: string, key: NamedAttempt): PodJson['metadata'] => ({
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
      ...(user && { runAsUser: Number(user) }),
      ...(group && { runAsGroup: Number(group) }),
    },
  };
}

import { now } from '../store/object-store.js';
import type { Container, Pod, PodSpec, PodStatus, Probe } from '../objects.js';

/** Fills in what the API server fills in: https://github.com/kubernetes/kubernetes, `pkg/apis/core/v1/defaults.go`. */
export function setPodDefaults(pod: Pod): void {
  const { spec } = pod;
  spec.restartPolicy ??= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.securityContext ??= {};
  spec.schedulerName ??= 'default-scheduler';
  spec.enableServiceLinks ??= true;
  setAccount(spec);
  // Priority and the two tolerations come from admission, not from the defaults.
  spec.priority ??= 0;
  spec.preemptionPolicy ??= 'PreemptLowerPriority';
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    spec.tolerations ??= [];
    if (spec.tolerations.some((toleration) => toleration.key === key)) continue;
    spec.tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
  }
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) setContainerDefaults(container);
  pod.status = {
    phase: 'Pending',
    qosClass: qosClassOf(spec),
    ...((spec.schedulingGates ?? []).length > 0 && gated()),
  };
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  pod.metadata.generation = 1;
}

/** What the API server says of a pod that waits for others than the scheduler. */
function gated(): Pick<PodStatus, 'conditions'> {
  const message = 'Scheduling is blocked due to non-empty scheduling gates';
  const times = { lastProbeTime: null, lastTransitionTime: now() };
  return { conditions: [{ type: 'PodScheduled', status: 'False', ...times, reason: 'SchedulingGated', message }] };
}

function setAccount(spec: PodSpec): void {
  spec.serviceAccountName ??= spec.serviceAccount ?? 'default';
  spec.serviceAccount = spec.serviceAccountName;
}

function setContainerDefaults(container: Container): void {
  container.imagePullPolicy ??= /:(?!latest$)[^/]+$|@sha256:/.test(container.image) ? 'IfNotPresent' : 'Always';
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.resources ??= {};
  const { limits } = container.resources;
  if (limits) container.resources.requests = { ...limits, ...container.resources.requests };
  for (const { valueFrom } of container.env ?? []) if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ??= 'v1';
  for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe])
    setProbeDefaults(probe);
}

function setProbeDefaults(probe: Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ??= 1;
  probe.periodSeconds ??= 10;
  probe.successThreshold ??= 1;
  probe.failureThreshold ??= 3;
  if (probe.httpGet) {
    probe.httpGet.path ??= '/';
    probe.httpGet.scheme ??= 'HTTP';
  }
}

function qosClassOf({ containers, initContainers = [] }: PodSpec): string {
  const all = [...containers, ...initContainers].map(({ resources = {} }) => resources);
  const isNone = all.every(({ requests = {}, limits = {} }) => Object.keys({ ...requests, ...limits }).length === 0);
  if (isNone) return 'BestEffort';
  const isFull = all.every(({ requests = {}, limits = {} }) =>
    ['cpu', 'memory'].every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]),
  );
  return isFull ? 'Guaranteed' : 'Burstable';
}

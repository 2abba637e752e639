import type { Container, Pod, PodCondition } from '../objects.js';
import { now, type ObjectStore } from '../store/object-store.js';
import type { NodeSettings } from './context.js';
import { parseQuantity } from './quantities.js';
import { recordEvent } from './record-event.js';

const none = 'no new claims to deallocate, preemption: 0/1 nodes are available:';

/** Gives a pod to the node, or says on the pod why not, in the words of the scheduler. */
export function schedulePod(store: ObjectStore, pod: Pod, settings: NodeSettings): void {
  if (pod.spec.nodeName !== undefined || pod.metadata.deletionTimestamp !== undefined) return;
  if ((pod.spec.schedulingGates ?? []).length > 0) return;
  const why = whyUnschedulable(store, pod, settings);
  if (why !== undefined) {
    const event = {
      type: 'Warning',
      reason: 'FailedScheduling',
      message: why,
      component: 'default-scheduler',
    } as const;
    if (!hasCondition(pod, why)) recordEvent(store, pod, event);
    return setScheduled(store, pod, { status: 'False', reason: 'Unschedulable', message: why });
  }
  const { namespace = '', name } = pod.metadata;
  const message = `Successfully assigned ${namespace}/${name} to ${settings.name}`;
  recordEvent(store, pod, { type: 'Normal', reason: 'Scheduled', message, component: 'default-scheduler' });
  store.update('pods', pod, (draft) => {
    draft.spec.nodeName = settings.name;
    draft.status.conditions = [conditionOf(draft, { status: 'True' })];
  });
}

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>;

function hasCondition({ status }: Pod, message: string): boolean {
  return (status.conditions ?? []).some((condition) => condition.message === message);
}

function setScheduled(store: ObjectStore, pod: Pod, verdict: Verdict): void {
  store.update('pods', pod, (draft) => {
    draft.status.conditions = [conditionOf(draft, verdict)];
  });
}

function conditionOf({ status }: Pod, verdict: Verdict): PodCondition {
  const old = (status.conditions ?? []).find(({ type }) => type === 'PodScheduled');
  const lastTransitionTime = old?.status === verdict.status ? old.lastTransitionTime : now();
  return { type: 'PodScheduled', lastProbeTime: null, lastTransitionTime, ...verdict };
}

function whyUnschedulable(store: ObjectStore, pod: Pod, settings: NodeSettings): string | undefined {
  const selector = Object.entries(pod.spec.nodeSelector ?? {});
  if (selector.some(([key, value]) => settings.labels[key] !== value)) {
    return `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${none} 1 Preemption is not helpful for scheduling.`;
  }
  const placed = store
    .list('pods')
    .filter(({ spec, status }) => spec.nodeName !== undefined && !['Succeeded', 'Failed'].includes(status.phase));
  const lacks: string[] = [];
  if (placed.length + 1 > settings.pods) lacks.push('1 Too many pods');
  for (const name of ['cpu', 'memory'] as const) {
    const used = placed.reduce((sum, each) => sum + requestOf(each, name), 0);
    if (used + requestOf(pod, name) > settings[name]) lacks.push(`1 Insufficient ${name}`);
  }
  if (lacks.length === 0) return undefined;
  // No eviction makes the node larger than it is.
  const isTooLarge = (['cpu', 'memory'] as const).some((name) => requestOf(pod, name) > settings[name]);
  const hope = isTooLarge ? 'Preemption is not helpful for scheduling' : 'No preemption victims found for incoming pod';
  return `0/1 nodes are available: ${lacks.join(', ')}. ${none} 1 ${hope}.`;
}

/** What a pod requests: its containers together, or its largest init container, each with the sidecars. */
export function requestOf({ spec }: Pod, name: string): number {
  const amount = ({ resources }: Container): number => parseQuantity(resources?.requests?.[name] ?? 0);
  const inits = spec.initContainers ?? [];
  const sum = (list: readonly Container[]): number => list.reduce((total, container) => total + amount(container), 0);
  const sidecars = sum(inits.filter(({ restartPolicy }) => restartPolicy === 'Always'));
  return Math.max(sum(spec.containers), ...inits.map(amount)) + sidecars;
}

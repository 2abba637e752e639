import type { Phase, Pod, PodCondition, PodStatus } from '../objects.js';
import { now } from '../store/object-store.js';
import type { ContainerRun } from './container-run.js';

/** Why a pod fails other than by its containers. */
export interface PodFailure {
  reason: string;
  message: string;
}

/** The messages of all containers of a pod share this many bytes. */
const maxMessages = 12 * 1024;

/**
 * The status of a pod as the kubelet computes it: `generateAPIPodStatus`.
 *
 * @param isEnded whether the last container has ended and none will be started
 */
export function podStatusOf(
  pod: Pod,
  runs: readonly ContainerRun[],
  failure: PodFailure | undefined,
  isEnded: boolean,
): PodStatus {
  const mains = runs.filter(({ role }) => role === 'main');
  const inits = runs.filter(({ role }) => role !== 'main');
  const found = failure ? 'Failed' : phaseOf(inits, mains);
  const isOver = found === 'Failed' || found === 'Succeeded';
  // A pod is over when its last container is, and what was ended before it could end by itself has failed.
  const alive = isOver ? pod.status.phase : found;
  const phase = isEnded ? (found === 'Succeeded' ? found : 'Failed') : alive;
  const statuses = (list: readonly ContainerRun[]) => limitMessages(list, runs.length);
  return {
    ...pod.status,
    phase,
    ...(failure && isEnded && failure),
    conditions: conditionsOf(pod, phase, runs),
    ...(inits.length > 0 && { initContainerStatuses: statuses(inits) }),
    containerStatuses: statuses(mains),
  };
}

function phaseOf(inits: readonly ContainerRun[], mains: readonly ContainerRun[]): Phase {
  const failed = inits.some(({ role, exitCode = 0 }) => role === 'init' && exitCode !== 0);
  if (failed) return 'Failed';
  if (inits.some(({ role, exitCode }) => role === 'init' && exitCode !== 0)) return 'Pending';
  if (mains.some(({ state }) => state.waiting)) return 'Pending';
  if (mains.some(({ isRunning }) => isRunning)) return 'Running';
  return mains.every(({ exitCode }) => exitCode === 0) ? 'Succeeded' : 'Failed';
}

function limitMessages(runs: readonly ContainerRun[], count: number): NonNullable<PodStatus['containerStatuses']> {
  const limit = Math.floor(maxMessages / count);
  return runs.map(({ status }) => {
    const { terminated } = status.state;
    if (terminated?.message === undefined || terminated.message.length <= limit) return status;
    const message = Buffer.from(terminated.message).subarray(0, limit).toString();
    return { ...status, state: { terminated: { ...terminated, message } } };
  });
}

function conditionsOf(pod: Pod, phase: Phase, runs: readonly ContainerRun[]): PodCondition[] {
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const names = (list: readonly ContainerRun[]): string => list.map(({ spec }) => spec.name).join(' ');
  const unready = runs.filter(({ role, isReady }) => role !== 'init' && !isReady);
  const incomplete = runs.filter(({ role, isStarted, exitCode }) =>
    role === 'init' ? exitCode !== 0 : role === 'sidecar' && !isStarted && exitCode === undefined,
  );
  const over = { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' };
  const isReady = !isOver && unready.length === 0;
  const unreadyText = `containers with unready status: [${names(unready)}]`;
  const whyUnready = isOver ? over : { reason: 'ContainersNotReady', message: unreadyText };
  const isInitialized = phase === 'Succeeded' || incomplete.length === 0;
  const incompleteText = `containers with incomplete status: [${names(incomplete)}]`;
  const whyIncomplete = isOver ? over : { reason: 'ContainersNotInitialized', message: incompleteText };
  const verdict = (type: string, is: boolean, why: object = {}) => ({
    type,
    status: is ? ('True' as const) : ('False' as const),
    ...why,
  });
  const found = [
    verdict('PodReadyToStartContainers', !isOver),
    verdict('Initialized', isInitialized, phase === 'Succeeded' ? over : isInitialized ? {} : whyIncomplete),
    verdict('Ready', isReady, isReady ? {} : whyUnready),
    verdict('ContainersReady', isReady, isReady ? {} : whyUnready),
  ];
  const before = pod.status.conditions ?? [];
  const kept = before.filter(({ type }) => !found.some((condition) => condition.type === type));
  const time = now();
  const changed = found.map((condition): PodCondition => {
    const old = before.find(({ type }) => type === condition.type);
    const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : time;
    return { ...condition, lastProbeTime: null, lastTransitionTime };
  });
  return [...changed, ...kept];
}

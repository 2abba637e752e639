import { annotations, keyOfLabels, labels } from '../names.js';
import type { ContainerStatus, PodCondition, PodJson } from './pod-json.js';
import type { AttemptKey } from '../../port.js';
import { outcomeReasons, type OutcomeReason } from '@chainr/core/engine/outcome';

/** Why chainr ended a pod, or took its name without running anything. */
export interface Verdict {
  reason: OutcomeReason;
  message: string;
  /** The service that was not ready: its last lines belong to the message. */
  service?: string;
}

/** What is kept of a pod in memory: everything else of it is some 5 kB. */
export interface PodView {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly instance: string;
  readonly key: AttemptKey | undefined;
  readonly verdict: Verdict | undefined;
  /** Its name is taken by a pod that is never scheduled. */
  readonly isTombstone: boolean;
  /** chainr has asked the kubelet to end it, or kills it. */
  readonly isStopping: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** When its containers get SIGKILL, or all of them have ended, if somebody deletes it; undefined if nobody has. */
  readonly deleteAt: number | undefined;
  /** Between SIGTERM and SIGKILL when somebody deletes it. */
  readonly graceSeconds: number;
  /** All that share the space for termination messages. */
  readonly containerCount: number;
  readonly node: string;
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
  readonly conditions: readonly PodCondition[];
  readonly initContainers: readonly ContainerStatus[];
  readonly containers: readonly ContainerStatus[];
}

/** The gate of a pod that only takes a name: the scheduler leaves it alone. */
export const neverGate = 'chainr.dev/never';

/**
 * An `activeDeadlineSeconds` that has passed when it is set: the kubelet ends the pod with SIGTERM and its grace, and keeps
 * exit codes and logs, which a deletion does not.
 */
export const stopDeadline = 1;

export const timeOf = (text: string | undefined): number => (text === undefined ? 0 : Date.parse(text));

export function viewOf({ metadata = {}, spec, status = {} }: PodJson): PodView {
  const named = metadata.labels ?? {};
  const noted = metadata.annotations ?? {};
  const verdict = noted[annotations.verdict];
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    instance: named[labels.instance] ?? '',
    key: keyOfLabels(named),
    verdict: verdict === undefined ? undefined : readVerdict(verdict),
    isTombstone: spec?.schedulingGates?.some(({ name }) => name === neverGate) ?? false,
    isStopping: spec?.activeDeadlineSeconds === stopDeadline || noted[annotations.killed] !== undefined,
    createdAt: timeOf(metadata.creationTimestamp),
    deleteAt: metadata.deletionTimestamp === undefined ? undefined : timeOf(metadata.deletionTimestamp),
    graceSeconds: graceOf(metadata.deletionGracePeriodSeconds, spec?.terminationGracePeriodSeconds),
    containerCount: countOf(spec),
    node: spec?.nodeName ?? '',
    phase: status.phase ?? '',
    reason: status.reason ?? '',
    message: status.message ?? '',
    conditions: status.conditions ?? [],
    initContainers: status.initContainerStatuses ?? [],
    containers: status.containerStatuses ?? [],
  };
}

/** Undefined if somebody else has changed it: one bad annotation must not hide all pods of the namespace. */
function readVerdict(text: string): Verdict | undefined {
  try {
    const { reason, message, service } = JSON.parse(text) as Partial<Verdict>;
    if (typeof message !== 'string' || reason === undefined || !outcomeReasons.includes(reason)) return undefined;
    return { reason, message, ...(typeof service === 'string' && { service }) };
  } catch {
    return undefined;
  }
}

const countOf = ({
  containers = [],
  initContainers = [],
  ephemeralContainers = [],
}: Partial<NonNullable<PodJson['spec']>> = {}): number =>
  containers.length + initContainers.length + ephemeralContainers.length;

/** The kubelet's last word on a deleted pod sets the grace of the deletion to 0, and its time to that moment. */
const graceOf = (ofDeletion = 0, ofPod = 0): number => (ofDeletion > 0 ? ofDeletion : ofPod);

/** Whether anything of it runs or may yet begin. */
export function isAlive(pod: PodView): boolean {
  if (pod.isTombstone || pod.phase === 'Succeeded' || pod.phase === 'Failed') return false;
  return pod.node !== '' || pod.deleteAt === undefined;
}

import type { OutcomeReason } from '@chainr/core/engine/outcome';
import type { RuntimeEvent } from '@chainr/core/engine/runtime';
import { formatExactDuration } from '@chainr/core/pipeline/duration';
import type { ReadyCheck } from '@chainr/core/pipeline/pipeline';
import type { ServiceSpec } from '@chainr/core/pipeline/services';
import type { AttemptSpec, PhaseChange } from '../../port.js';
import type { ContainerStatus } from '../pod/pod-json.js';
import { timeOf, type PodView } from '../pod/pod-view.js';
import { statusOfStep } from './step-ends.js';

/** Something that may mend itself, but ends the attempt if it lasts too long. */
export interface Obstacle {
  reason: Extract<OutcomeReason, 'ImagePullFailed' | 'RegistryError' | 'ConfigError' | 'ServiceNotReady'>;
  message: string;
  /** The container that it concerns. */
  container: string;
  /** The service that is not ready. */
  service?: string;
  /** How long it is waited for, if not as long as usual. */
  patienceMs?: number;
  /** What is reported while it is waited for, if not the message. */
  meanwhile?: string;
  /** Nothing but a change of the pipeline helps, so nothing is waited for. */
  isCertain: boolean;
}

export interface Phase {
  change: PhaseChange;
  obstacle?: Obstacle;
}

/** What a pod that has not ended does or waits for. */
export function phaseOfPod(pod: PodView, spec: AttemptSpec): Phase {
  const scheduled = pod.conditions.find(({ type }) => type === 'PodScheduled');
  const begun = firstStart(pod, spec);
  if (begun !== undefined) {
    const obstacle = stepObstacle(pod, spec);
    const scheduledAt = timeOf(scheduled?.lastTransitionTime);
    const change: PhaseChange = { reason: 'Executing', at: begun, ...(scheduledAt > 0 && { scheduledAt }) };
    return { change, ...(obstacle && { obstacle }) };
  }
  if (scheduled?.status === 'False') {
    const message = scheduled.message === undefined ? {} : { message: `The scheduler says: ${scheduled.message}` };
    return { change: { reason: 'Unschedulable', ...message, at: timeOf(scheduled.lastTransitionTime) } };
  }
  const at = pod.createdAt;
  const obstacle = serviceObstacle(pod, spec) ?? stepObstacle(pod, spec);
  if (obstacle) {
    const isImage = obstacle.reason === 'ImagePullFailed' || obstacle.reason === 'RegistryError';
    const message = obstacle.meanwhile ?? obstacle.message;
    return { change: { reason: isImage ? 'PullingImage' : 'Starting', message, at }, obstacle };
  }
  return { change: { reason: 'Starting', at } };
}

/** What the newest event says of a pod whose containers do not start; the change as it is if it says nothing new. */
export function phaseOfEvents(events: readonly RuntimeEvent[], { at }: PhaseChange): PhaseChange {
  const newest = events.findLast(
    ({ type, reason }) => type === 'Warning' || reason === 'Pulling' || reason === 'Pulled',
  );
  if (newest === undefined || newest.reason === 'Pulled') return { reason: 'Starting', at };
  if (newest.type === 'Normal') return { reason: 'PullingImage', message: `${newest.message.replace(/\.$/, '')}.`, at };
  return { reason: 'Starting', message: `The cluster says: ${newest.reason}: ${newest.message.trim().replace(/\.$/, '')}.`, at }; // prettier-ignore
}

/** When the first step began; undefined if none has. */
function firstStart(pod: PodView, spec: AttemptSpec): number | undefined {
  const { state } = statusOfStep(pod, spec, 0) ?? {};
  const at = timeOf(state?.running?.startedAt ?? state?.terminated?.startedAt);
  return at > 0 ? at : undefined;
}

/** Answers of registries after which another try is of no use. */
const refusedImage =
  /not found|unauthorized|authentication required|denied|forbidden|manifest unknown|invalid reference|no match for platform/i;

/** Services come before the first step. */
function serviceObstacle(pod: PodView, spec: AttemptSpec): Obstacle | undefined {
  for (const service of spec.services ?? []) {
    const status = pod.initContainers.find(({ name }) => name === service.name);
    const obstacle =
      status && (waitingFor(status, service.image, `service "${service.name}"`) ?? unready(status, service));
    if (obstacle) return obstacle;
  }
  return undefined;
}

function stepObstacle(pod: PodView, spec: AttemptSpec): Obstacle | undefined {
  for (const [index, step] of spec.steps.entries()) {
    const status = statusOfStep(pod, spec, index);
    const obstacle = status && waitingFor(status, step.image, `step "${step.name}"`);
    if (obstacle) return obstacle;
  }
  return undefined;
}

/** @param what `step "test"`, for the sentence */
function waitingFor({ name: container, state }: ContainerStatus, image: string, what: string): Obstacle | undefined {
  const { reason = '', message: said = '' } = state?.waiting ?? {};
  const told = said === '' ? reason : said.replace(/\.$/, '');
  switch (reason) {
    case 'InvalidImageName':
      return { container, reason: 'ConfigError', message: `The image "${image}" of ${what} is not a valid name: ${told}.`, isCertain: true }; // prettier-ignore
    case 'ErrImageNeverPull':
      return { container, reason: 'ImagePullFailed', message: `The image ${image} of ${what} is not on the node, and pull is "never".`, isCertain: true }; // prettier-ignore
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'ImageInspectError':
    case 'RegistryUnavailable':
      return {
        container,
        reason: refusedImage.test(said) ? 'ImagePullFailed' : 'RegistryError',
        message: `The image ${image} of ${what} cannot be pulled: ${told}.`,
        isCertain: false,
      };
    case 'CreateContainerConfigError':
    case 'CreateContainerError':
    case 'RunContainerError':
      return {
        container,
        reason: 'ConfigError',
        message: `The container of ${what} cannot be created: ${told}.`,
        isCertain: false,
      };
    default:
      return undefined;
  }
}

/** A service that has a check and is not ready; the kubelet starts no step before it is. */
function unready({ state, lastState, started }: ContainerStatus, { name, ready }: ServiceSpec): Obstacle | undefined {
  if (!ready || started === true) return undefined;
  const what = `The service "${name}"`;
  const ended = state?.terminated ?? lastState?.terminated;
  if (ended) {
    const message = `${what} ended with exit code ${String(ended.exitCode)} before it was ready.`;
    return { container: name, reason: 'ServiceNotReady', message, service: name, isCertain: true };
  }
  if (!state?.running) return undefined;
  return {
    container: name,
    reason: 'ServiceNotReady',
    message: `${what} was not ready within ${formatExactDuration(ready.timeoutMs)}: ${describeCheck(ready)}.`,
    meanwhile: `${what} has started; waiting until it is ready.`,
    service: name,
    patienceMs: ready.timeoutMs,
    isCertain: false,
  };
}

function describeCheck(check: ReadyCheck): string {
  if ('run' in check) return 'its script does not exit with 0';
  if ('tcp' in check) return `port ${String(check.tcp)} accepts no connections`;
  return `GET http://localhost:${String(check.http.port)}${check.http.path} is not answered with a status from 200 to 399`;
}

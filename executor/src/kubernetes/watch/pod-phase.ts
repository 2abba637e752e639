import type { OutcomeReason } from '@chainr/core/engine/outcome';
import type { AttemptSpec, PhaseChange } from '../../port.js';
import { timeOf, type PodView } from '../pod/pod-view.js';
import { statusOfStep } from './step-ends.js';

/** Something that may mend itself, but ends the attempt if it lasts too long. */
export interface Obstacle {
  reason: Extract<OutcomeReason, 'ImagePullFailed' | 'RegistryError' | 'ConfigError'>;
  message: string;
  /** Nothing but a change of the pipeline helps, so nothing is waited for. */
  isCertain: boolean;
}

export interface Phase {
  change: PhaseChange;
  obstacle?: Obstacle;
}

/** What a pod that has not ended does or waits for. */
export function phaseOfPod(pod: PodView, spec: AttemptSpec): Phase {
  const begun = firstStart(pod, spec);
  if (begun !== undefined) {
    const obstacle = obstacleOf(pod, spec);
    return { change: { reason: 'Executing', at: begun }, ...(obstacle && { obstacle }) };
  }
  const scheduled = pod.conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    const message = scheduled.message === undefined ? {} : { message: `The scheduler says: ${scheduled.message}` };
    return { change: { reason: 'Unschedulable', ...message, at: timeOf(scheduled.lastTransitionTime) } };
  }
  const at = pod.createdAt;
  const obstacle = obstacleOf(pod, spec);
  if (obstacle) {
    const isImage = obstacle.reason !== 'ConfigError';
    return { change: { reason: isImage ? 'PullingImage' : 'Starting', message: obstacle.message, at }, obstacle };
  }
  return { change: { reason: 'Starting', at } };
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

function obstacleOf(pod: PodView, spec: AttemptSpec): Obstacle | undefined {
  for (const [index, step] of spec.steps.entries()) {
    const waiting = statusOfStep(pod, spec, index)?.state?.waiting;
    if (!waiting) continue;
    const { reason = '', message: said = '' } = waiting;
    const told = said === '' ? reason : said.replace(/\.$/, '');
    switch (reason) {
      case 'InvalidImageName':
        return { reason: 'ConfigError', message: `The image "${step.image}" of step "${step.name}" is not a valid name: ${told}.`, isCertain: true }; // prettier-ignore
      case 'ErrImageNeverPull':
        return { reason: 'ImagePullFailed', message: `The image ${step.image} of step "${step.name}" is not on the node, and pull is "never".`, isCertain: true }; // prettier-ignore
      case 'ErrImagePull':
      case 'ImagePullBackOff':
      case 'ImageInspectError':
      case 'RegistryUnavailable':
        return {
          reason: refusedImage.test(said) ? 'ImagePullFailed' : 'RegistryError',
          message: `The image ${step.image} of step "${step.name}" cannot be pulled: ${told}.`,
          isCertain: false,
        };
      case 'CreateContainerConfigError':
      case 'CreateContainerError':
      case 'RunContainerError':
        return { reason: 'ConfigError', message: `Step "${step.name}" cannot be created: ${told}.`, isCertain: false };
      default:
    }
  }
  return undefined;
}

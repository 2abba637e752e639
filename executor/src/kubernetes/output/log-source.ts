import type { AttemptSpec } from '../../port.js';
import { containerName } from '../names.js';
import { isAlive, timeOf, type PodView } from '../pod/pod-view.js';
import type { ContainerStatus } from '../pod/pod-json.js';
import { isStartError, statusOfStep, stepEnds } from '../watch/step-ends.js';

/** A container whose output belongs to the log of the attempt. */
export interface LogSource {
  /** Its index in the position: steps, then services. */
  place: number;
  /** Its name in the log, which is that of its container too. */
  name: string;
  /** What there is to read of it. */
  look: (pod: PodView) => Sight;
}

/**
 * `open`: more may follow; `ended`: all of it is there; `never`: nothing will come; `wait`: nothing yet. `container`: the id of
 * the container that runs or has ended; `since`: when it began, in ms since 1970.
 */
export type Sight = { kind: 'open' | 'ended'; container: string; since: number } | { kind: 'never' | 'wait' };

export const stepSource = (spec: AttemptSpec, index: number): LogSource => ({
  place: index,
  name: containerName(spec.steps[index]?.name ?? ''),
  look: (pod) => {
    if (pod.isTombstone) return { kind: 'never' };
    const status = statusOfStep(pod, spec, index);
    if (status?.state?.running) return { kind: 'open', ...containerOf(status) };
    const end = stepEnds(pod, spec)[index];
    if (end && isStartError(end)) return { kind: 'never' };
    // Nobody may know how it ended, but it has a log.
    if (status?.state?.terminated) return { kind: 'ended', ...containerOf(status) };
    return { kind: isAlive(pod) ? 'wait' : 'never' };
  },
});

/** The kubelet starts a service again that exits while steps run, as another container of the same name. */
export const serviceSource = (spec: AttemptSpec, index: number): LogSource => {
  const name = spec.services?.[index]?.name ?? '';
  return {
    place: spec.steps.length + index,
    name,
    look: (pod) => {
      const status = pod.initContainers.find((each) => each.name === name);
      if (!pod.isTombstone && status?.containerID && !startFailed(status)) {
        const hasRun = status.state?.running ?? status.state?.terminated ?? status.lastState?.terminated;
        if (hasRun) return { kind: isAlive(pod) ? 'open' : 'ended', ...containerOf(status) };
      }
      return { kind: isAlive(pod) ? 'wait' : 'never' };
    },
  };
};

const startFailed = ({ state }: ContainerStatus): boolean => state?.terminated?.reason === 'StartError';

function containerOf({ containerID = '', state = {}, lastState = {} }: ContainerStatus) {
  const since = state.running?.startedAt ?? state.terminated?.startedAt ?? lastState.terminated?.startedAt;
  return { container: containerID, since: timeOf(since) };
}

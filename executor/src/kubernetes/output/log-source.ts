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

/** `never`: nothing will come; `wait`: nothing yet. */
export type Sight = Readable | { kind: 'never' | 'wait' };

/** A container that runs or has ended. */
export interface Readable extends Begun {
  /** `open`: more may follow, if only of a container that is started in its place; `ended`: all of it is there. */
  kind: 'open' | 'ended';
  isRunning: boolean;
  /** The container that had its place before, and has ended. */
  before?: Begun;
  /** How often one was started in its place. */
  restarts: number;
}

export interface Begun {
  /** The id of the container. */
  container: string;
  /** When it began: milliseconds since 1970, in whole seconds. */
  startedAt: number;
  /** When it ended, likewise; Infinity if it has not, or nobody knows. */
  endedAt: number;
}

export const stepSource = (spec: AttemptSpec, index: number): LogSource => ({
  place: index,
  name: containerName(spec.steps[index]?.name ?? ''),
  look: (pod) => {
    if (pod.isTombstone) return { kind: 'never' };
    const status = statusOfStep(pod, spec, index);
    // Where its node is lost, nobody will ever say that it has ended.
    if (status?.state?.running) return { kind: isAlive(pod) ? 'open' : 'ended', ...readableOf(pod, status) };
    const end = stepEnds(pod, spec)[index];
    if (end && isStartError(end)) return { kind: 'never' };
    // Nobody may know how it ended, but it has a log. One without an id never began: the pod ended before.
    if (status?.containerID && status.state?.terminated) return { kind: 'ended', ...readableOf(pod, status) };
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
      if (!pod.isTombstone && status?.containerID && hasRun(status)) {
        return { kind: isAlive(pod) ? 'open' : 'ended', ...readableOf(pod, status) };
      }
      return { kind: isAlive(pod) ? 'wait' : 'never' };
    },
  };
};

/** Whether it runs, or has run and is not just being started again without success. */
function hasRun({ state, lastState }: ContainerStatus): boolean {
  const ended = state?.terminated ?? lastState?.terminated;
  return state?.running !== undefined || (ended !== undefined && !isStartError({ word: ended.reason ?? '' }));
}

function readableOf(
  pod: PodView,
  { containerID = '', restartCount, state = {}, lastState = {} }: ContainerStatus,
): Omit<Readable, 'kind'> {
  const last = lastState.terminated;
  const ended = state.terminated ?? last;
  const isAnother = last?.containerID !== undefined && last.containerID !== containerID;
  return {
    container: containerID,
    startedAt: secondOr(0, (state.running ?? ended)?.startedAt),
    endedAt: state.running ? Infinity : secondOr(Infinity, ended?.finishedAt),
    isRunning: state.running !== undefined && isAlive(pod),
    ...(isAnother &&
      !isStartError({ word: last.reason ?? '' }) && {
        before: {
          container: last.containerID ?? '',
          startedAt: secondOr(0, last.startedAt),
          endedAt: secondOr(Infinity, last.finishedAt),
        },
      }),
    restarts: restartCount,
  };
}

/** The API gives null for a time that nobody knows. */
const secondOr = (otherwise: number, time: string | null | undefined): number => (time ? timeOf(time) : otherwise);

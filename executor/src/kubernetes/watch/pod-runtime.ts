import type { ContainerRuntime, Runtime } from '@chainr/core/engine/runtime';
import type { ContainerStatus } from '../pod/pod-json.js';
import type { PodView } from '../pod/pod-view.js';
import { mostTextLength, type PodEvents } from './pod-events.js';
import { unknownWord } from './step-ends.js';

/** What is kept of a pod after it is gone. @param namespace its namespace */
export function runtimeOf(pod: PodView, namespace: string, told: PodEvents): Runtime {
  return {
    pod: `${namespace}/${pod.name}`,
    ...(pod.node !== '' && { node: pod.node }),
    containers: [...pod.initContainers, ...pod.containers].map(containerOf),
    ...told,
  };
}

function containerOf({ name, image, imageID, restartCount, state }: ContainerStatus): ContainerRuntime {
  return {
    name,
    image,
    ...(imageID !== '' && { imageId: imageID }),
    state: describeState(state).slice(0, mostTextLength),
    ...(restartCount > 0 && { restarts: restartCount }),
  };
}

function describeState({ terminated, running, waiting }: NonNullable<ContainerStatus['state']> = {}): string {
  if (terminated) {
    const { exitCode, reason } = terminated;
    // The kubelet gives such a container an exit code too, whether it ran or not.
    if (reason === unknownWord) return 'unknown: the node had no container of it when the pod ended';
    const isUsual = reason === undefined || reason === 'Completed' || reason === 'Error';
    return `exit code ${String(exitCode)}${isUsual ? '' : ` (${reason})`}`;
  }
  if (running) return 'running';
  const { reason = 'PodInitializing', message } = waiting ?? {};
  if (reason === 'PodInitializing' || reason === 'ContainerCreating') return 'not started';
  return `not started: ${reason}${message === undefined ? '' : `: ${message}`}`;
}

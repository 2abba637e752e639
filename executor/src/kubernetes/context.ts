import type { FaultHook } from '@chainr/core/engine/fault-points';
import type { AttemptSpec } from '../port.js';
import type { ApiClient } from './api/api-client.js';
import type { PodSettings } from './pod/build-pod.js';
import type { PodBoard } from './watch/pod-board.js';
import { podName, type NamedAttempt } from './names.js';

/** What the verbs of the Kubernetes executor share. */
export interface KubernetesContext {
  readonly api: ApiClient;
  /** The id of the instance; known once the store is started. */
  readonly instance: () => string;
  /** A board for each namespace that this worker serves, the home namespace first. */
  readonly boards: readonly PodBoard[];
  readonly settings: PodSettings;
  /** How long an image or a container that cannot be had is waited for. */
  readonly obstaclePatienceMs: number;
  readonly reach: FaultHook;
  /** Whether this executor is driving the attempt, even if the API server is away at the moment. */
  readonly isDriven: (name: string) => boolean;
}

/** The home namespace, unless the pipeline names another one that this worker serves. */
export function boardOf({ boards }: KubernetesContext, _spec: Pick<AttemptSpec, 'run'>): PodBoard {
  const [home] = boards;
  if (!home) throw new Error('a worker serves at least one namespace');
  return home;
}

export const nameOf = ({ instance }: KubernetesContext, key: NamedAttempt): string => podName(instance(), key);

import type { Outcome } from '@chainr/core/engine/outcome';
import type { FaultHook } from '@chainr/core/engine/fault-points';
import type { ApiClient } from './api/api-client.js';
import type { PodSettings } from './pod/build-pod.js';
import type { PodView } from './pod/pod-view.js';
import type { Policy } from './policy/policy.js';
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
  readonly policy: Policy;
  /** How long an image or a container that cannot be had is waited for. */
  readonly obstaclePatienceMs: number;
  /** After how long the events of a pod are read that has a node and says nothing. */
  readonly silentStartMs: number;
  readonly reach: FaultHook;
  /** What this executor drives, even if the API server is away at the moment. */
  readonly drives: ReadonlyMap<string, Drive>;
}

export interface Drive {
  /**
   * Ends it with this outcome if its creation was never requested, and none will be.
   * @returns whether that is so
   */
  forbid(outcome: Outcome): boolean;
}

/**
 * The board of an attempt's namespace: the home namespace, unless its pipeline names another one. Undefined if this worker
 * does not serve that, and nothing can run there: every start is recorded first.
 * @throws if something of the attempt may run there; only a worker that serves the namespace can say how it ends
 */
export function boardOf({ boards }: KubernetesContext, spec: Omit<NamedAttempt, 'pipeline'>): PodBoard | undefined {
  const { kubernetes: { namespace } = {}, begun = false, starts = 0 } = spec;
  const board = namespace === undefined ? boards[0] : boards.find((each) => each.namespace === namespace);
  if (!board && (begun || starts > 0)) throw new Error(unserved(boards, namespace ?? ''));
  return board;
}

/** Why an attempt cannot run in the namespace that its pipeline names. */
export const unserved = (boards: readonly PodBoard[], namespace: string): string =>
  `This worker does not serve the namespace "${namespace}", only ${boards.map((board) => board.namespace).join(', ')}: name one of those in \`kubernetes.namespace\`, or add it to CHAINR_KUBERNETES_NAMESPACES.`;

/** The pod of an attempt and where it is. If only the key of the attempt is known, it is looked for in every namespace. */
export async function findPod(
  context: KubernetesContext,
  key: NamedAttempt,
): Promise<{ board: PodBoard; pod: PodView } | undefined> {
  const boards = key.pipeline === undefined ? context.boards : [boardOf(context, key)];
  const found = await Promise.all(
    boards.map(async (board) => {
      const pod = await board?.find(key);
      return board && pod ? { board, pod } : undefined;
    }),
  );
  return found.find((each) => each !== undefined);
}

export const nameOf = ({ instance }: KubernetesContext, key: NamedAttempt): string => podName(instance(), key);

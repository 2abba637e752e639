import type { FoundAttempt } from '../port.js';
import type { KubernetesContext } from './context.js';
import { isAlive } from './pod/pod-view.js';

/** The attempts of this instance that have a pod in a namespace of this worker. */
export async function listAttempts({ boards }: KubernetesContext): Promise<FoundAttempt[]> {
  const lists = await Promise.all(boards.map((board) => board.list()));
  return lists.flat().flatMap((pod): FoundAttempt[] => (pod.key ? [{ ...pod.key, alive: isAlive(pod) }] : []));
}

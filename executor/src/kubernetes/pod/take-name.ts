import type { WriteGuard } from '../../port.js';
import { ApiError } from '../api/api-error.js';
import type { KubernetesContext } from '../context.js';
import type { NamedAttempt } from '../names.js';
import type { PodBoard } from '../watch/pod-board.js';
import { buildTombstone } from './build-pod.js';
import type { PodJson } from './pod-json.js';
import type { Verdict } from './pod-view.js';

/**
 * Takes the name of an attempt with a pod that never runs, so that nothing can be started under it any more.
 * @return false if the name is taken already
 */
export async function takeName(
  { api, instance }: KubernetesContext,
  board: PodBoard,
  key: NamedAttempt,
  verdict: Verdict,
  guard: WriteGuard,
): Promise<boolean> {
  const body = buildTombstone(instance(), board.namespace, key, verdict);
  try {
    board.offer(await api.call<PodJson>('POST', board.path, { body, guard }));
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
    await board.fetch(body.metadata?.name ?? '');
    return false;
  }
}

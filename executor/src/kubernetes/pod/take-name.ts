import { setTimeout as pause } from 'node:timers/promises';
import type { WriteGuard } from '../../port.js';
import { ApiError } from '../api/api-error.js';
import type { KubernetesContext } from '../context.js';
import type { NamedAttempt } from '../names.js';
import type { PodBoard } from '../watch/pod-board.js';
import { buildTombstone } from './build-pod.js';
import type { PodJson } from './pod-json.js';
import type { Verdict } from './pod-view.js';
import { refusalOf } from './refusal.js';

/**
 * Takes the name of an attempt with a pod that never runs, so that nothing can be started under it any more. A quota or
 * a policy of the cluster may refuse that pod. Then it waits until no request that a former owner has sent can be carried
 * out any more.
 * @return false if the name is taken already
 */
export async function takeName(
  { api, instance }: KubernetesContext,
  board: PodBoard,
  key: NamedAttempt,
  verdict: Verdict,
  guard: WriteGuard,
  signal?: AbortSignal,
): Promise<boolean> {
  const body = buildTombstone(instance(), board.namespace, key, verdict);
  const name = body.metadata?.name ?? '';
  try {
    board.offer(await api.call<PodJson>('POST', board.path, { body, guard }));
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reason === 'AlreadyExists') {
      await board.fetch(name);
      return false;
    }
    if (!refusalOf(error, board.namespace, 'pod')) throw error;
    await pause(api.answerMs, undefined, signal && { signal });
    return (await board.fetch(name)) === undefined;
  }
}

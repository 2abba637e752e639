import type { WriteGuard } from '../../port.js';
import { ApiError } from '../api/api-error.js';
import type { KubernetesContext } from '../context.js';
import type { PodBoard } from '../watch/pod-board.js';
import type { PodJson } from './pod-json.js';
import { refusalOf, type Refusal } from './refusal.js';

/** `there`: the object exists, whoever created it. */
export type Creation = { kind: 'there' } | Refusal;

/** Creates the pod of an attempt. @param body from `makePod` @throws the error of an outage, or that of the guard */
export async function createPod(
  { api, reach }: KubernetesContext,
  board: PodBoard,
  body: PodJson,
  guard: WriteGuard,
): Promise<Creation> {
  reach('after-create');
  try {
    // A misspelt field of the settings would else be left out without a word.
    const query = { fieldValidation: 'Strict' };
    board.offer(await api.call<PodJson>('POST', board.path, { query, body, guard }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reason === 'AlreadyExists') return { kind: 'there' };
    const refusal = refusalOf(error, board.namespace, 'pod');
    if (!refusal) throw error;
    return refusal;
  }
  reach('after-start');
  return { kind: 'there' };
}

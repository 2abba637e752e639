import type { WriteGuard } from '../../port.js';
import { ApiError, missingRightReason } from '../api/api-error.js';
import type { KubernetesContext } from '../context.js';
import type { PodBoard } from '../watch/pod-board.js';
import type { PodJson } from './pod-json.js';

/** `there`: the pod exists, whoever created it. `quota`: not for now. `refused`: not as it is specified. */
export type Creation = { kind: 'there' } | { kind: 'quota' | 'refused'; message: string };

/** Creates the pod of an attempt. @param body from `makePod` @throws the error of an outage, or that of the guard */
export async function createPod(
  { api, reach }: KubernetesContext,
  board: PodBoard,
  body: PodJson,
  guard: WriteGuard,
): Promise<Creation> {
  reach('after-create');
  try {
    board.offer(await api.call<PodJson>('POST', board.path, { body, guard }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reason === 'AlreadyExists') return { kind: 'there' };
    const refusal = refusalOf(error, board.namespace);
    if (!refusal) throw error;
    return refusal;
  }
  reach('after-start');
  return { kind: 'there' };
}

/** Statuses that say nothing about the pod: who asks is unknown, or the server has too much to do. */
const outages = new Set([401, 408, 409, 429]);

/** What a refusal means for the attempt; undefined if it is an outage. */
export function refusalOf(
  { status, reason, message }: ApiError,
  namespace: string,
): Exclude<Creation, { kind: 'there' }> | undefined {
  if (status >= 500 || outages.has(status)) return undefined;
  if (status === 403 && /exceeded quota|failed quota/.test(message)) {
    const isMissing = message.includes('failed quota');
    return isMissing
      ? {
          kind: 'refused',
          message: `The quota of namespace ${namespace} wants every pod to say what it needs: ${afterColon(message)}. Set "resources".`,
        }
      : { kind: 'quota', message: `The quota of namespace ${namespace} is used up: ${afterColon(message)}.` };
  }
  if (message.includes('violates PodSecurity')) {
    return { kind: 'refused', message: `Namespace ${namespace} does not allow its pod: ${afterColon(message)}.` };
  }
  if (message.includes('admission webhook'))
    return { kind: 'refused', message: `A policy of the cluster refused its pod: ${message}.` };
  if (reason === missingRightReason) return { kind: 'refused', message };
  return { kind: 'refused', message: `The cluster refused its pod: ${message.replace(/\.$/, '')}.` };
}

/** Without "pods "NAME" is forbidden: ", which says nothing to the author of a pipeline. */
const afterColon = (message: string): string => message.replace(/^pods "[^"]*" is forbidden: /, '').replace(/\.$/, '');

import type { WriteGuard } from '../../port.js';
import { unlessStatus } from '../api/api-error.js';
import type { KubernetesContext } from '../context.js';
import { annotations } from '../names.js';
import type { PodJson } from '../pod/pod-json.js';
import { stopDeadline, type PodView, type Verdict } from '../pod/pod-view.js';
import type { PodBoard } from '../watch/pod-board.js';

/** Ends a pod that cannot go on, and records why with the same request: whoever looks at it later says the same. */
export async function giveUp(
  context: KubernetesContext,
  board: PodBoard,
  pod: PodView,
  verdict: Verdict,
  guard: WriteGuard,
): Promise<void> {
  await endPod(context, board, pod, guard, { [annotations.verdict]: JSON.stringify(verdict) });
}

/**
 * Asks the kubelet to end a pod, with the grace that it was created with. A pod without a node has no kubelet: it is
 * deleted, and its finalizer keeps it.
 */
export async function endPod(
  context: KubernetesContext,
  board: PodBoard,
  pod: PodView,
  guard: WriteGuard,
  notes: Record<string, string> = {},
): Promise<void> {
  const patched = await patchPod(context, board, pod, guard, {
    metadata: { uid: pod.uid, annotations: notes },
    spec: { activeDeadlineSeconds: stopDeadline },
  });
  if (patched?.node !== '') return;
  await deletePod(context, board, pod, guard);
}

/** The shortest grace of a deletion that lets the kubelet see the end. */
const killGraceSeconds = 1;

/** Ends a pod with SIGKILL within about a second; its finalizer keeps it. */
export async function killPod(
  context: KubernetesContext,
  board: PodBoard,
  pod: PodView,
  guard: WriteGuard,
): Promise<void> {
  const annotated = await patchPod(context, board, pod, guard, {
    metadata: { uid: pod.uid, annotations: { [annotations.killed]: 'true' } },
  });
  if (!annotated) return;
  await deletePod(context, board, pod, guard, killGraceSeconds);
}

/** Undefined if this very pod is gone. */
async function patchPod(
  { api }: KubernetesContext,
  board: PodBoard,
  { name }: PodView,
  guard: WriteGuard,
  body: object,
): Promise<PodView | undefined> {
  const contentType = 'application/merge-patch+json';
  const call = api.call<PodJson>('PATCH', `${board.path}/${name}`, { body, contentType, guard });
  const patched = await unlessStatus([404, 409], call);
  return patched && board.offer(patched);
}

/** Deletes this very pod; its finalizer keeps it. @param graceSeconds by default the grace of the pod */
export async function deletePod(
  { api }: KubernetesContext,
  board: PodBoard,
  pod: PodView,
  guard: WriteGuard,
  graceSeconds?: number,
): Promise<void> {
  const body = {
    preconditions: { uid: pod.uid },
    ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
  };
  const answer = await unlessStatus(
    [404, 409],
    api.call<PodJson>('DELETE', `${board.path}/${pod.name}`, { body, guard }),
  );
  if (answer?.metadata?.uid === pod.uid && answer.spec) board.offer(answer);
}

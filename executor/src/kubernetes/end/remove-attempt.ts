import type { WriteGuard } from '../../port.js';
import { unlessStatus } from '../api/api-error.js';
import { findPod, type KubernetesContext } from '../context.js';
import { finalizer, nameOfKey, type NamedAttempt } from '../names.js';
import { isAlive, type PodView } from '../pod/pod-view.js';
import type { PodBoard } from '../watch/pod-board.js';
import { deletePod } from './end-pod.js';

/** Removes the pod of an ended attempt, and with it its name. Throws if it still runs. */
export async function removeAttempt(context: KubernetesContext, key: NamedAttempt, guard: WriteGuard): Promise<void> {
  const found = await findPod(context, key);
  if (!found) return;
  const { board, pod } = found;
  if (isAlive(pod)) throw new Error(`${nameOfKey(key)} still runs; stop it first.`);
  if (pod.deleteAt === undefined) await deletePod(context, board, pod, guard);
  await releasePod(context, board, pod, guard);
}

/** Takes chainr's own finalizer off, and no other: https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/ */
async function releasePod({ api }: KubernetesContext, board: PodBoard, pod: PodView, guard: WriteGuard): Promise<void> {
  const body = { metadata: { uid: pod.uid, '$deleteFromPrimitiveList/finalizers': [finalizer] } };
  const contentType = 'application/strategic-merge-patch+json';
  await unlessStatus([404, 409], api.call('PATCH', `${board.path}/${pod.name}`, { body, contentType, guard }));
}

import type { Pod } from '../objects.js';
import { now, type ObjectStore } from '../store/object-store.js';
import { readBody, type ApiRequest } from './api-request.js';
import { beginDeletion, type DeleteOptions } from './delete-object.js';
import { notFound } from './status.js';

/** Answers `pods/eviction`: says on the pod who ends it, and deletes it. */
export async function evictPod(
  store: ObjectStore,
  { resource, namespace, name, message }: ApiRequest,
): Promise<unknown> {
  const eviction = (await readBody(message)) as { deleteOptions?: DeleteOptions } | undefined;
  const pod = store.get('pods', namespace, name);
  if (!pod) throw notFound(resource, name);
  const marked = disrupt(store, pod, 'EvictionByEvictionAPI', 'Eviction API: evicting');
  beginDeletion(store, resource, marked, eviction?.deleteOptions);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

/** Sets the condition that says why somebody ends a pod. */
export function disrupt(store: ObjectStore, pod: Pod, reason: string, message: string): Pod {
  if (['Succeeded', 'Failed'].includes(pod.status.phase)) return pod;
  const times = { lastProbeTime: null, lastTransitionTime: now() };
  const marked = store.update('pods', pod, ({ status }) => {
    const others = (status.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
    status.conditions = [...others, { type: 'DisruptionTarget', status: 'True', ...times, reason, message }];
  });
  return marked ?? pod;
}

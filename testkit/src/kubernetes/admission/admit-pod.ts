import { ApiError, forbidden } from '../api/status.js';
import type { Pod } from '../objects.js';
import { checkPod } from '../pods/check-pod.js';
import { setPodDefaults } from '../pods/set-defaults.js';
import type { ObjectStore } from '../store/object-store.js';
import { enforceRestricted } from './pod-security.js';
import { enforceQuotas } from './quota.js';
import { refuseUnmodelled } from './refuse-unmodelled.js';

const pods = { plural: 'pods', group: '' };

/** A webhook that a test defines. Returns why it refuses a pod; undefined if it does not. */
export interface Webhook {
  name: string;
  deny: (pod: Pod) => string | undefined;
}

/** Everything between the decoding of a new pod and its storage, in the order of the API server. */
export function admitPod(store: ObjectStore, webhooks: readonly Webhook[], pod: Pod): void {
  const { namespace = '', name } = pod.metadata;
  setPodDefaults(pod);
  const account = pod.spec.serviceAccountName ?? '';
  if (!store.get('serviceaccounts', namespace, account)) {
    throw forbidden(
      pods,
      name,
      `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`,
    );
  }
  addToken(store, pod, account);
  setPriority(store, pod);
  checkPod(pod);
  refuseUnmodelled(pod);
  for (const webhook of webhooks) {
    const why = webhook.deny(pod);
    if (why === undefined) continue;
    throw new ApiError(403, 'Forbidden', `admission webhook "${webhook.name}" denied the request: ${why}`);
  }
  const labels = store.get('namespaces', '', namespace)?.metadata.labels ?? {};
  if (labels['pod-security.kubernetes.io/enforce'] === 'restricted') enforceRestricted(pod);
  enforceQuotas(store, pod);
}

function setPriority(store: ObjectStore, { metadata, spec }: Pod): void {
  const { priorityClassName } = spec;
  if (priorityClassName === undefined) return;
  const found = store.get('priorityclasses', '', priorityClassName);
  if (!found) throw forbidden(pods, metadata.name, `no PriorityClass with name ${priorityClassName} was found`);
  spec.priority = found.value;
}

/** Mounts the token of the service account, unless the pod or the account says no. */
function addToken(store: ObjectStore, { metadata, spec }: Pod, account: string): void {
  const serviceAccount = store.get('serviceaccounts', metadata.namespace ?? '', account);
  if ((spec.automountServiceAccountToken ?? serviceAccount?.automountServiceAccountToken) === false) return;
  const name = 'kube-api-access-stand';
  const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
  spec.volumes = [...(spec.volumes ?? []), { name, projected: { defaultMode: 420 } }];
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    const mounts = container.volumeMounts ?? [];
    if (!mounts.some((mount) => mount.mountPath === mountPath)) {
      container.volumeMounts = [...mounts, { name, readOnly: true, mountPath }];
    }
  }
}

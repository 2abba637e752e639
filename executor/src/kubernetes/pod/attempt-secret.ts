import type { AttemptSpec, WriteGuard } from '../../port.js';
import { ApiError } from '../api/api-error.js';
import type { KubernetesContext } from '../context.js';
import { labelsOf } from '../names.js';
import type { PodBoard } from '../watch/pod-board.js';
import type { Creation } from './create-pod.js';
import type { PodView } from './pod-view.js';
import { refusalOf } from './refusal.js';
import { secretKeys, type SecretHolder } from './secret-keys.js';

/** What the Secret of an attempt has, by key; empty if the attempt needs none. */
function secretValues({ steps, services = [] }: AttemptSpec): [string, string][] {
  const containers: SecretHolder[] = [...steps, ...services];
  return containers.flatMap((each) => [...secretKeys(each)].map(([variable, key]) => [key, each.env[variable] ?? ''] as [string, string])); // prettier-ignore
}

export const needsSecret = (spec: AttemptSpec): boolean => secretValues(spec).length > 0;

/**
 * Creates the Secret of an attempt, which has the name of its pod and vanishes with it. The pod comes first, since only
 * then is its uid known: the kubelet tries again until the Secret is there.
 * @throws the error of an outage, or that of the guard
 */
export async function createSecret(
  { api, instance }: KubernetesContext,
  board: PodBoard,
  { name, uid }: PodView,
  spec: AttemptSpec,
  guard: WriteGuard,
): Promise<Creation> {
  const { namespace } = board;
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: labelsOf(instance(), spec),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }],
    },
    type: 'Opaque',
    immutable: true,
    stringData: Object.fromEntries(secretValues(spec)),
  };
  try {
    await api.call('POST', `/api/v1/namespaces/${namespace}/secrets`, { body, guard });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.reason === 'AlreadyExists') return { kind: 'there' }; // An earlier owner of the attempt was faster.
    const refusal = refusalOf(error, namespace, 'Secret');
    if (!refusal) throw error;
    return refusal;
  }
  return { kind: 'there' };
}

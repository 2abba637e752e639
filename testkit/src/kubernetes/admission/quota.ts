import { forbidden } from '../api/status.js';
import { formatQuantity, parseQuantity } from '../node/quantities.js';
import { requestOf } from '../node/schedule.js';
import type { Container, DataObject, Pod, ResourceQuota } from '../objects.js';
import type { ObjectStore } from '../store/object-store.js';

const pods = { plural: 'pods', group: '' };

/**
 * Refuses a pod for which a ResourceQuota of its namespace has no room. Knows `pods`, `count/pods`, `requests.cpu`,
 * `requests.memory`, `limits.cpu`, `limits.memory`, `cpu` and `memory`.
 *
 * @throws ApiError 403
 */
export function enforceQuotas(store: ObjectStore, pod: Pod): void {
  const { namespace = '', name } = pod.metadata;
  for (const quota of store.list('resourcequotas', namespace)) {
    const missing = missingOf(pod, quota);
    if (missing !== '') throw forbidden(pods, name, `failed quota: ${quota.metadata.name}: must specify ${missing}`);
    const used = usedOf(store, quota);
    const exceeded = Object.entries(quota.spec.hard)
      .map(([key, hard]) => ({ key, hard, used: used[key] ?? 0, requested: amountOf(pod, key) }))
      .filter((each) => each.requested > 0 && each.used + each.requested > parseQuantity(each.hard))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    if (exceeded.length === 0) continue;
    const print = (value: (each: (typeof exceeded)[number]) => string): string =>
      exceeded.map((each) => `${each.key}=${value(each)}`).join(',');
    const requested = print((each) => formatQuantity(each.requested, each.key));
    const before = print((each) => formatQuantity(each.used, each.key));
    const limited = print((each) => String(each.hard));
    const why = `exceeded quota: ${quota.metadata.name}, requested: ${requested}, used: ${before}, limited: ${limited}`;
    throw forbidden(pods, name, why);
  }
}

/**
 * Refuses a Secret for which a ResourceQuota of its namespace has no room (`count/secrets`).
 *
 * @throws ApiError 403
 */
export function enforceCountOfSecrets(store: ObjectStore, { metadata }: DataObject): void {
  const { namespace = '', name } = metadata;
  const key = 'count/secrets';
  for (const { metadata: quota, spec } of store.list('resourcequotas', namespace)) {
    const limited = spec.hard[key];
    const used = store.list('secrets', namespace).length;
    if (limited === undefined || used < parseQuantity(limited)) continue;
    const why = `exceeded quota: ${quota.name}, requested: ${key}=1, used: ${key}=${used}, limited: ${key}=${limited}`;
    throw forbidden({ plural: 'secrets', group: '' }, name, why);
  }
}

/** Counts what a quota limits anew, as the quota controller does. */
function countQuota(store: ObjectStore, quota: ResourceQuota): void {
  const used = usedOf(store, quota);
  store.update('resourcequotas', quota, (draft) => {
    const entries = Object.keys(draft.spec.hard).map((key) => [key, formatQuantity(used[key] ?? 0, key)]);
    draft.status = { hard: draft.spec.hard, used: Object.fromEntries(entries) as Record<string, string> };
  });
}

function usedOf(store: ObjectStore, { metadata, spec }: ResourceQuota): Record<string, number> {
  const stored = store.list('pods', metadata.namespace);
  const alive = stored.filter(({ status }) => !['Succeeded', 'Failed'].includes(status.phase));
  // `count/…` counts objects, whatever has become of them.
  const sum = (key: string): number =>
    (key.startsWith('count/') ? stored : alive).reduce((total, pod) => total + amountOf(pod, key), 0);
  return Object.fromEntries(Object.keys(spec.hard).map((key) => [key, sum(key)]));
}

function amountOf(pod: Pod, key: string): number {
  if (key === 'pods' || key === 'count/pods') return 1;
  const [kind, resource] = key.includes('.') ? key.split('.') : ['requests', key];
  if (kind === 'requests' && resource !== undefined) return requestOf(pod, resource);
  if (kind !== 'limits' || resource === undefined) return 0;
  return pod.spec.containers.reduce((sum, { resources }) => sum + parseQuantity(resources?.limits?.[resource] ?? 0), 0);
}

/** Which containers lack a request or limit that the quota counts: `requests.cpu for: main`. */
function missingOf({ spec }: Pod, quota: ResourceQuota): string {
  const lacks = (key: string, { resources }: Container): boolean => {
    const [kind, resource = ''] = key.split('.');
    return resources?.[kind as 'requests' | 'limits']?.[resource] === undefined;
  };
  return Object.keys(quota.spec.hard)
    .filter((key) => /^(requests|limits)\.(cpu|memory)$/.test(key))
    .map((key) => ({ key, names: spec.containers.filter((each) => lacks(key, each)).map(({ name }) => name) }))
    .filter(({ names }) => names.length > 0)
    .map(({ key, names }) => `${key} for: ${names.join(',')}`)
    .join('; ');
}

/** Keeps the counts of all quotas. Returns what ends it. */
export function followQuotas(store: ObjectStore): () => void {
  return store.subscribe(({ type, resource, object }) => {
    if (resource !== 'pods' && !(resource === 'resourcequotas' && type === 'ADDED')) return;
    for (const quota of store.list('resourcequotas', object.metadata.namespace)) countQuota(store, quota);
  });
}

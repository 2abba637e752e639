import type { PlainMap } from '@chainr/core/pipeline/plain-values';
import { amountOf } from '../../quantities.js';
import { itemsOf, mapOf } from '../patch/parts.js';
import type { PodJson } from '../pod/pod-json.js';
import type { Policy } from './policy.js';

/** Fills in what a policy wants of every pod and the pod does not say. */
export function setDefaults(pod: PodJson, { runAsNonRoot, resources }: Policy): PodJson {
  const { requests = {}, limits = {} } = resources.default;
  const hasResources = Object.keys(requests).length + Object.keys(limits).length > 0;
  if (!runAsNonRoot && !hasResources) return pod;
  const spec = mapOf(pod.spec);
  const filled: PlainMap = { ...spec };
  if (runAsNonRoot) filled['securityContext'] = { runAsNonRoot: true, ...mapOf(spec['securityContext']) };
  if (hasResources) {
    for (const list of ['initContainers', 'containers']) {
      if (!Array.isArray(spec[list])) continue;
      filled[list] = itemsOf(spec[list]).map((container) => ({
        ...container,
        resources: resourcesOf(mapOf(container['resources']), requests, limits),
      }));
    }
  }
  return { ...pod, spec: filled as unknown as NonNullable<PodJson['spec']> };
}

/** A limit is never below the request of its container. A resource with a limit alone is requested as far as that. */
function resourcesOf(own: PlainMap, requests: PlainMap, limits: PlainMap): PlainMap {
  const [asked, limited] = [mapOf(own['requests']), mapOf(own['limits'])];
  const missing = Object.entries(limits)
    .filter(([name]) => limited[name] === undefined)
    .map(([name, limit]) => [name, larger(asked[name], limit)]);
  const unasked = Object.entries(requests).filter(([name]) => limited[name] === undefined);
  return {
    ...own,
    requests: { ...Object.fromEntries(unasked), ...asked },
    limits: { ...Object.fromEntries(missing), ...limited },
  };
}

const larger = (request: unknown, limit: unknown): unknown => (amountOf(request) > amountOf(limit) ? request : limit);

import type { PlainMap } from '@chainr/core/pipeline/plain-values';
import { isOn, itemsOf, mapOf } from '../patch/parts.js';
import type { PodJson } from '../pod/pod-json.js';
import type { Breach } from './breach.js';
import { checkContainer, checkResources } from './check-container.js';
import { checkFields, nameOfItem } from './check-fields.js';
import { checkReferences } from './check-references.js';
import { checkVolume } from './check-volume.js';
import { podFields } from './known-fields.js';
import { matches } from './patterns.js';
import type { Policy } from './policy.js';

/** More are counted. */
const mostShown = 10;

/** The kinds of containers that a pod has. */
const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/**
 * Holds a pod, as it is sent, against a policy. What the policy does not know is not allowed.
 * @returns a sentence for all that the policy does not allow; undefined if there is nothing
 */
export function checkPod(pod: PodJson, policy: Policy): string | undefined {
  const breaches = [...breachesOf(pod, policy)];
  if (breaches.length === 0) return undefined;
  const shown = breaches.slice(0, mostShown).map(({ place, what, rule }) => `${place} ${what}, which needs ${rule}`);
  const more = breaches.length > mostShown ? [`${String(breaches.length - mostShown)} more`] : [];
  return `The policy of this worker (CHAINR_KUBERNETES_POLICY) does not allow its pod: ${[...shown, ...more].join('; ')}.`;
}

function* breachesOf(pod: PlainMap, policy: Policy): Generator<Breach> {
  const { allow } = policy;
  const spec = mapOf(pod['spec']);
  yield* checkFields('', '', pod, podFields, allow.fields);
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
    if (isOn(spec[field]) && !allow[field])
      yield { place: `spec.${field}`, what: 'is set', rule: `allow.${field}: true` };
  }
  yield* checkServiceAccount(spec, policy);
  yield* checkName(spec, 'priorityClassName', allow.priorityClasses, 'allow.priorityClasses');
  yield* checkName(spec, 'runtimeClassName', allow.runtimeClasses, 'allow.runtimeClasses');
  for (const [index, volume] of itemsOf(spec['volumes']).entries()) {
    yield* checkVolume(`spec.volumes[${nameOfItem(volume, index)}]`, volume, policy);
  }
  yield* checkReferences(spec, 'spec', policy);
  if (spec['resources'] !== undefined) yield* checkResources('spec.resources', mapOf(spec['resources']), policy);
  for (const list of containerLists) {
    for (const [index, container] of itemsOf(spec[list]).entries()) {
      yield* checkContainer(`spec.${list}[${nameOfItem(container, index)}]`, container, pod, policy);
    }
  }
}

function* checkName(spec: PlainMap, field: string, allowed: readonly string[], rule: string): Generator<Breach> {
  const value = spec[field];
  if (value === undefined || value === '' || matches(allowed, value)) return;
  yield { place: `spec.${field}`, what: `is ${JSON.stringify(value)}`, rule: `it in ${rule}` };
}

/** Of the default account a pod may have all but its token. */
function* checkServiceAccount(spec: PlainMap, { allow }: Policy): Generator<Breach> {
  const { serviceAccountName = 'default', serviceAccount = serviceAccountName } = spec;
  const hasToken =
    spec['automountServiceAccountToken'] !== false ||
    itemsOf(spec['volumes']).some(({ projected }) =>
      itemsOf(mapOf(projected)['sources']).some(({ serviceAccountToken }) => serviceAccountToken !== undefined),
    );
  for (const account of new Set([serviceAccountName, serviceAccount])) {
    if (matches(allow.serviceAccounts, account) || (account === 'default' && !hasToken)) continue;
    const what = account === 'default' ? 'is "default", with its token' : `is ${JSON.stringify(account)}`;
    yield { place: 'spec.serviceAccountName', what, rule: 'it in allow.serviceAccounts' };
  }
}

import type { AttemptSpec } from '../../port.js';
import type { KubernetesContext } from '../context.js';
import { podName } from '../names.js';
import { patchPod } from '../patch/patch-pod.js';
import { checkPod } from '../policy/check-pod.js';
import { setDefaults } from '../policy/set-defaults.js';
import { buildPod } from './build-pod.js';
import { withoutGranted } from './granted-variables.js';
import type { PodJson } from './pod-json.js';

/** The pod of an attempt as it is sent: with the patch of its pipeline, and within the policy; or why there is none. */
export function makePod(
  { instance, settings, policy }: Pick<KubernetesContext, 'instance' | 'settings' | 'policy'>,
  namespace: string,
  spec: AttemptSpec,
): { pod: PodJson } | { refusal: string } {
  const built = buildPod(instance(), namespace, spec, settings);
  const patched = patchPod(built, spec);
  if ('refusal' in patched) return patched;
  const pod = setDefaults(patched.pod, policy);
  const refusal = checkPod(withoutGranted(pod, spec, podName(instance(), spec)), policy);
  return refusal === undefined ? { pod } : { refusal };
}

import type { KubernetesSettings } from '@chainr/core/pipeline/pipeline';
import type { StepSpec } from '@chainr/core/pipeline/steps';
import { makePod } from '../../src/kubernetes/pod/make-pod.js';
import type { PodJson } from '../../src/kubernetes/pod/pod-json.js';
import { readPolicy } from '../../src/kubernetes/policy/read-policy.js';
import type { AttemptSpec } from '../../src/port.js';

/** An attempt with three steps: `fetch` and `build` are init containers, `test` is the main one. */
export function attemptWith(kubernetes?: KubernetesSettings, step: Partial<StepSpec> = {}): AttemptSpec {
  const steps = ['fetch', 'build', 'test'].map((name) => ({
    name,
    image: 'busybox',
    run: `echo ${name}`,
    env: {},
    continueOnError: name === 'build',
    ...step,
  }));
  const key = { run: '01a22d33-5f7a-77eb-8913-06ee6218bab4', job: 'job', attempt: 1, pipeline: 'nightly' };
  return { ...key, steps, ...(kubernetes && { kubernetes }) };
}

/** @param policy a policy as in its file */
export function tryPod(spec: AttemptSpec, policy: object = {}): { pod: PodJson } | { refusal: string } {
  const settings = { graceSeconds: 10, backstopSeconds: 1000 };
  return makePod({ instance: () => 'one', settings, policy: readPolicy(JSON.stringify(policy)) }, 'builds', spec);
}

export function podOf(spec: AttemptSpec, policy?: object): PodJson {
  const made = tryPod(spec, policy);
  if ('refusal' in made) throw new Error(made.refusal);
  return made.pod;
}

export function refusalOf(spec: AttemptSpec, policy?: object): string {
  const made = tryPod(spec, policy);
  if ('pod' in made) throw new Error('the pod was not refused');
  return made.refusal;
}

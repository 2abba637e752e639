import { expect } from 'chai';
import { after, before } from 'mocha';
import type { StandInKubernetes, StandInOptions } from '@chainr/testkit/kubernetes/start-kubernetes';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import type { KubernetesExecutorOptions } from '../src/kubernetes/create-kubernetes-executor.js';
import type { Executor } from '../src/port.js';
import { makeKubernetesPlace, type KubernetesPlace } from '../suite/kubernetes-place.js';

export interface UsedPlace {
  readonly cluster: () => StandInKubernetes;
  readonly place: () => KubernetesPlace;
  /** One executor of the place for all tests. */
  readonly executor: () => Executor;
}

/** A stand-in of Kubernetes for the tests of a suite, and a place on it. Both are there from the first `before` on. */
export function useKubernetesPlace(
  options: Partial<KubernetesExecutorOptions> = {},
  standIn: StandInOptions = {},
): UsedPlace {
  let place: KubernetesPlace | undefined;
  let executor: Executor | undefined;
  // Before the hook of the stand-in: what is in the place is removed while that is there. Nothing is there if it is skipped.
  after(async () => {
    await executor?.close();
    await place?.destroy();
  });
  const cluster = useKubernetes(standIn);
  before(async () => {
    place = await makeKubernetesPlace(cluster().kubeconfigFile, options);
  });
  const made = (): KubernetesPlace => place ?? expect.fail('the place is made in the first `before`');
  return { cluster, place: made, executor: () => (executor ??= made().open()) };
}

import { testKubeconfig } from '@chainr/testkit/cluster/test-kubeconfig';
import { kubernetesCapabilities } from '../src/kubernetes/create-kubernetes-executor.js';
import { makeKubernetesPlace } from '../suite/kubernetes-place.js';
import { executorSuite } from '../suite/executor-suite.js';

describe('on a Kubernetes cluster', function () {
  this.timeout(600_000);

  executorSuite('kubernetes', {
    capabilities: kubernetesCapabilities,
    image: 'busybox',
    makePlace: () => makeKubernetesPlace(testKubeconfig()),
  });
});

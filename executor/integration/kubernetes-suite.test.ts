import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { executorSuite } from '../suite/executor-suite.js';
import { kubernetesCapabilities } from '../src/kubernetes/create-kubernetes-executor.js';
import { makeKubernetesPlace } from '../suite/kubernetes-place.js';

describe('on the stand-in of Kubernetes', function () {
  this.timeout(600_000);
  const cluster = useKubernetes();

  executorSuite('kubernetes', {
    capabilities: kubernetesCapabilities,
    image: 'busybox',
    leavesOut: ({ needsNetwork = false }) => needsNetwork, // Its pods have the hosts file and programs of this machine.
    makePlace: () => makeKubernetesPlace(cluster().kubeconfigFile),
  });
});

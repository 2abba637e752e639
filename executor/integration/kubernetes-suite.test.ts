import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { useKubernetes } from '@chainr/testkit/kubernetes/use-kubernetes';
import { executorSuite } from '../suite/executor-suite.js';
import { kubernetesCapabilities } from '../src/kubernetes/create-kubernetes-executor.js';
import { makeKubernetesPlace } from './kubernetes-place.js';

describe('on the stand-in of Kubernetes', function () {
  this.timeout(600_000);
  let folder = '';
  const cluster = useKubernetes();
  after(() => rm(folder, { recursive: true, force: true }));

  executorSuite('kubernetes', {
    capabilities: kubernetesCapabilities,
    image: 'busybox',
    leavesOut: ({ needsNetwork = false }) => needsNetwork, // Its pods have the hosts file and programs of this machine.
    makePlace: async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'chainr-kubeconfig-'));
      const file = path.join(folder, 'config');
      await writeFile(file, cluster().kubeconfig);
      return makeKubernetesPlace(file);
    },
  });
});

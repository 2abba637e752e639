import { executorSuite } from '../suite/executor-suite.js';
import { makeKubernetesPlace } from './kubernetes-place.js';

describe('on a Kubernetes cluster', function () {
  this.timeout(600_000);

  executorSuite('kubernetes', {
    capabilities: {
      image: true,
      memoryLimit: true,
      workspacePath: '/shared',
      output: true,
      exactOutput: false,
      rotatesOutput: true,
      replaceableOutputFile: false,
      timeStepMs: 1000,
      unfinishedLines: false,
      manyOwners: true,
      refusesMissingWorkdir: false,
      startsAtCreation: true,
      services: false,
      canVanish: true,
    },
    image: 'busybox',
    makePlace: () => makeKubernetesPlace(process.env['KUBECONFIG'] ?? ''),
  });
});

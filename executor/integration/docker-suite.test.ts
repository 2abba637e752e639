import { useDockerDaemon } from '@chainr/testkit/use-docker-daemon';
import { executorSuite } from '../suite/executor-suite.js';
import { makeDockerPlace } from './docker-place.js';

describe('on a Docker daemon', function () {
  // The flood has 620,000 lines. A daemon passes on some 50,000 a second, fewer on a slow or busy machine.
  this.timeout(600_000);
  const used = useDockerDaemon();

  executorSuite('docker', {
    capabilities: {
      image: true,
      memoryLimit: true,
      workspacePath: '/shared',
      output: true,
      separateStreams: true,
      checksLoopback: true,
      restartsServices: false,
      exactOutput: true,
      rotatesOutput: false,
      replaceableOutputFile: true,
      timeStepMs: 1,
      unfinishedLines: false,
      manyOwners: false,
      refusesMissingWorkdir: false,
      startsAtCreation: false,
      canVanish: true,
      services: true,
    },
    image: 'busybox',
    makePlace: () => makeDockerPlace(used.socketPath),
  });
});

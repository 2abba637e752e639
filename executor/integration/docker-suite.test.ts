import { useDockerDaemon } from '@chainr/testkit/use-docker-daemon';
import { executorSuite } from '../suite/executor-suite.js';
import { makeDockerPlace } from './docker-place.js';

describe('on a Docker daemon', function () {
  this.timeout(120_000);
  const used = useDockerDaemon();

  executorSuite('docker', {
    capabilities: {
      image: true,
      memoryLimit: true,
      workspacePath: '/shared',
      output: true,
      unfinishedLines: false,
      manyOwners: false,
      refusesMissingWorkdir: false,
    },
    image: 'busybox',
    makePlace: () => makeDockerPlace(used.socketPath),
  });
});

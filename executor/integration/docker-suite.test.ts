import { useDockerDaemon } from '@chainr/testkit/use-docker-daemon';
import { dockerCapabilities } from '../src/docker/create-docker-executor.js';
import { executorSuite } from '../suite/executor-suite.js';
import { makeDockerPlace } from './docker-place.js';

describe('on a Docker daemon', function () {
  // The flood has 620,000 lines. A daemon passes on some 50,000 a second, fewer on a slow or busy machine.
  this.timeout(600_000);
  const used = useDockerDaemon();

  executorSuite('docker', {
    capabilities: dockerCapabilities,
    image: 'busybox',
    makePlace: () => makeDockerPlace(used.socketPath),
  });
});

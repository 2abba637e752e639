import { importBusybox, startDockerDaemon, whyNoDocker, type DockerDaemon } from '@chainr/testkit/docker-daemon';
import { executorSuite } from '../suite/executor-suite.js';
import { makeDockerPlace } from './docker-place.js';

const why = whyNoDocker();

describe('on a Docker daemon', function () {
  this.timeout(120_000);
  let daemon: DockerDaemon;
  before(async function () {
    if (why !== undefined) {
      console.log(`      left out: ${why}`);
      this.skip();
    }
    daemon = await startDockerDaemon();
    await importBusybox(daemon.socketPath, ['busybox:latest']);
  });
  after(async () => {
    if (why === undefined) await daemon.stop();
  });

  executorSuite('docker', {
    capabilities: {
      image: true,
      memoryLimit: true,
      workspacePath: '/shared',
      output: true,
      ordersStreams: true,
      unfinishedLines: false,
      manyOwners: false,
      refusesMissingWorkdir: false,
    },
    image: 'busybox',
    makePlace: () => makeDockerPlace(daemon.socketPath),
  });
});

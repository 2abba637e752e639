import { after, before } from 'mocha';
import { importBusybox, startDockerDaemon, whyNoDocker, type DockerDaemon } from './docker-daemon.js';

/** The daemon of a suite; available from the suite's first `before` on. */
export interface UsedDaemon {
  readonly socketPath: string;
  readonly daemon: DockerDaemon;
  /** Starts another daemon on the folder of this one, which was ended. */
  startAgain(): Promise<void>;
}

/**
 * A Docker daemon for the tests of a suite, with the image busybox. If none can be started, the suite is skipped and
 * says why. Hooks of the suite that use it must come after this call.
 */
export function useDockerDaemon(): UsedDaemon {
  let daemon: DockerDaemon | undefined;
  before(async function () {
    const why = whyNoDocker();
    if (why !== undefined) {
      console.log(`      left out: ${why}`);
      this.skip();
    }
    daemon = await startDockerDaemon();
    await importBusybox(daemon.socketPath, ['busybox:latest']);
  });
  after(() => daemon?.stop());
  const started = (): DockerDaemon => {
    if (!daemon) throw new Error('The daemon starts in the first `before` of the suite.');
    return daemon;
  };
  return {
    get daemon() {
      return started();
    },
    get socketPath() {
      return started().socketPath;
    },
    startAgain: async () => {
      daemon = await startDockerDaemon(started().folder);
    },
  };
}

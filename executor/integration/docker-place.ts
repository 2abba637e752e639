import { randomUUID } from 'node:crypto';
import { after, before } from 'mocha';
import { useDockerDaemon, type UsedDaemon } from '@chainr/testkit/use-docker-daemon';
import { connectToDaemon, findDaemon } from '../src/docker/connect-to-daemon.js';
import { unless } from '../src/docker/daemon-errors.js';
import { createDockerExecutor, type DockerExecutorOptions } from '../src/docker/create-docker-executor.js';
import { labelFilters, volumeName } from '../src/docker/names.js';
import type { AttemptKey, Executor } from '../src/port.js';
import { allow, type Place } from '../suite/place.js';

export interface DockerPlace extends Place {
  readonly instance: string;
  open(options?: Partial<DockerExecutorOptions>): Executor;
  vanish(key: AttemptKey): Promise<void>;
}

/** A daemon and one instance on it, for the tests of a suite. Both exist from the suite's first `before` on. */
export function useDockerPlace(): DockerPlace & UsedDaemon {
  let made: DockerPlace | undefined;
  // Before the hook of the daemon: the place is cleared while the daemon still runs.
  after(() => made?.destroy());
  const used = useDockerDaemon();
  before(async () => {
    made = await makeDockerPlace(used.socketPath);
  });
  const place = (): DockerPlace => {
    if (!made) throw new Error('The place is made in the first `before` of the suite.');
    return made;
  };
  return {
    get instance() {
      return place().instance;
    },
    get daemon() {
      return used.daemon;
    },
    get socketPath() {
      return used.socketPath;
    },
    startAgain: () => used.startAgain(),
    open: (options) => place().open(options),
    vanish: (key) => place().vanish(key),
    destroy: () => place().destroy(),
  };
}

/** One instance on a daemon. At the end everything of it is stopped and removed. */
export async function makeDockerPlace(
  socketPath: string,
  options: Partial<DockerExecutorOptions> = {},
): Promise<DockerPlace> {
  const docker = connectToDaemon(socketPath);
  const daemon = await findDaemon(docker);
  if ('absent' in daemon) throw new Error(daemon.absent);
  const instance = randomUUID();
  const open = (more: Partial<DockerExecutorOptions> = {}): Executor =>
    createDockerExecutor({
      docker,
      daemonId: daemon.id,
      instance: () => instance,
      helperImage: 'busybox',
      ...options,
      ...more,
    });
  return {
    instance,
    open,
    vanish: async (key) => {
      const filters = { label: labelFilters(instance, key) };
      for (const { Id } of await docker.listContainers({ all: true, filters })) {
        await docker.getContainer(Id).remove({ force: true, v: true });
      }
      // It comes with the first step.
      await unless([404], docker.getVolume(volumeName(instance, key)).remove());
    },
    destroy: async () => {
      const executor = open();
      for (const found of await executor.list()) {
        if (found.alive) await executor.stop(found, 0, allow);
        await executor.remove(found, allow);
      }
      await executor.close();
    },
  };
}

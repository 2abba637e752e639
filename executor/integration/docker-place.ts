import { randomUUID } from 'node:crypto';
import { connectToDaemon, findDaemon } from '../src/docker/connect-to-daemon.js';
import { createDockerExecutor, type DockerExecutorOptions } from '../src/docker/create-docker-executor.js';
import type { Executor } from '../src/port.js';
import { allow, type Place } from '../suite/place.js';

export interface DockerPlace extends Place {
  readonly instance: string;
  open(options?: Partial<DockerExecutorOptions>): Executor;
}

/** One instance on a daemon; at the end everything of it is stopped and removed. */
export async function makeDockerPlace(
  socketPath: string,
  options: Partial<DockerExecutorOptions> = {},
): Promise<DockerPlace> {
  const docker = connectToDaemon(socketPath);
  const daemon = await findDaemon(docker);
  if ('absent' in daemon) throw new Error(daemon.absent);
  const instance = randomUUID();
  const open = (more: Partial<DockerExecutorOptions> = {}): Executor =>
    createDockerExecutor({ docker, daemonId: daemon.id, instance: () => instance, ...options, ...more });
  return {
    instance,
    open,
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

import path from 'node:path';
import type { FaultHook } from '@chainr/core/engine/fault-points';
import type { Logger } from '@chainr/core/service/logger';
import type { Executor } from '@chainr/executor/port';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import type { WorkConfig } from './config.js';

export interface ExecutorNeeds {
  /** The id of the instance; known once the store is started. */
  instance: () => string;
  reach: FaultHook;
  logger: Logger;
}

/**
 * Creates the configured executor.
 * @throws a sentence if it cannot work
 */
export async function createExecutor(config: WorkConfig, needs: ExecutorNeeds): Promise<Executor> {
  const { instance, reach, logger } = needs;
  if (config.executor === 'process') {
    const onTrouble = (what: string, error: Error): void => {
      logger.warn({ event: 'executor.trouble', err: error }, `Processes: ${what}`);
    };
    return createProcessExecutor({
      folder: path.join(config.home, 'process'),
      instance: config.home,
      reach,
      onTrouble,
    });
  }
  if (config.executor !== 'docker') {
    throw new Error(`There is no executor ${config.executor}: set CHAINR_EXECUTOR to process or docker.`);
  }
  // Imported only here: it would cost every process worker some 20 MB.
  const { connectToDaemon, findDaemon } = await import('@chainr/executor/docker/connect-to-daemon');
  const { createDockerExecutor } = await import('@chainr/executor/docker/create-docker-executor');
  const docker = connectToDaemon(config.dockerHost);
  const daemon = await findDaemon(docker);
  if ('absent' in daemon) {
    throw new Error(`CHAINR_EXECUTOR is docker, but ${daemon.absent}: start the daemon, or set CHAINR_DOCKER_HOST.`);
  }
  return createDockerExecutor({ docker, daemonId: daemon.id, instance, networks: config.dockerNetworks, reach });
}

/** Whether a Docker daemon answers at the address from the configuration or the environment. */
export async function answersDocker(config: Pick<WorkConfig, 'dockerHost'>): Promise<boolean> {
  const { connectToDaemon, findDaemon } = await import('@chainr/executor/docker/connect-to-daemon');
  return 'id' in (await findDaemon(connectToDaemon(config.dockerHost)));
}

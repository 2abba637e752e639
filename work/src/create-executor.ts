import { readFile } from 'node:fs/promises';
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
  if (config.executor === 'process') {
    const { reach, logger } = needs;
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
  if (config.executor === 'docker') return createDocker(config, needs);
  if (config.executor === 'kubernetes') return createKubernetes(config, needs);
  throw new Error(`There is no executor ${config.executor}: set CHAINR_EXECUTOR to process, docker or kubernetes.`);
}

// Both are imported only where they are used: they would cost every other worker tens of megabytes.

async function createDocker(config: WorkConfig, { instance, reach }: ExecutorNeeds): Promise<Executor> {
  const { connectToDaemon, findDaemon } = await import('@chainr/executor/docker/connect-to-daemon');
  const { createDockerExecutor } = await import('@chainr/executor/docker/create-docker-executor');
  const docker = connectToDaemon(config.dockerHost);
  const daemon = await findDaemon(docker);
  if ('absent' in daemon) {
    throw new Error(`CHAINR_EXECUTOR is docker, but ${daemon.absent}: start the daemon, or set CHAINR_DOCKER_HOST.`);
  }
  const { dockerNetworks: networks, dockerHelperImage: helperImage } = config;
  return createDockerExecutor({ docker, daemonId: daemon.id, instance, networks, helperImage, reach });
}

async function createKubernetes(config: WorkConfig, { instance, reach }: ExecutorNeeds): Promise<Executor> {
  const { findCredentials } = await import('@chainr/executor/kubernetes/api/credentials');
  const { readPolicy } = await import('@chainr/executor/kubernetes/policy/read-policy');
  const { findCluster } = await import('@chainr/executor/kubernetes/find-cluster');
  const { createKubernetesExecutor } = await import('@chainr/executor/kubernetes/create-kubernetes-executor');
  const policy = config.kubernetesPolicy === '' ? undefined : await readPolicyFile(config.kubernetesPolicy, readPolicy);
  const credentials = await findCredentials(config.kubeconfig, process.env);
  const namespaces = config.namespaces.length > 0 ? [...new Set(config.namespaces)] : [credentials.namespace];
  const cluster = await findCluster(credentials, namespaces);
  if ('absent' in cluster) {
    throw new Error(`CHAINR_EXECUTOR is kubernetes, but ${cluster.absent}.`);
  }
  const { stopGraceMs } = config;
  const clusterId = cluster.id;
  const options = { credentials, clusterId, namespaces, instance, stopGraceMs, reach };
  return createKubernetesExecutor({ ...options, ...(policy && { policy }) });
}

/** @throws a sentence, then a line for each mistake in the file */
async function readPolicyFile<T>(file: string, read: (content: string) => T): Promise<T> {
  try {
    return read(await readFile(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`CHAINR_KUBERNETES_POLICY (${file}) cannot be used:\n${why}`, { cause: error });
  }
}

/** Whether a Docker daemon answers at the address from the configuration or the environment. */
export async function answersDocker(config: Pick<WorkConfig, 'dockerHost'>): Promise<boolean> {
  const { connectToDaemon, findDaemon } = await import('@chainr/executor/docker/connect-to-daemon');
  return 'id' in (await findDaemon(connectToDaemon(config.dockerHost)));
}

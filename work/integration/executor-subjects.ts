import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Executor } from '@chainr/executor/port';
import { connectToDaemon, findDaemon } from '@chainr/executor/docker/connect-to-daemon';
import { createDockerExecutor } from '@chainr/executor/docker/create-docker-executor';
import { createProcessExecutor } from '@chainr/executor/process/create-process-executor';
import { importBusybox, startDockerDaemon, whyNoDocker } from '@chainr/testkit/docker-daemon';

export interface OpenedExecutor {
  executor: Executor;
  /** The socket of the executor's own Docker daemon. */
  socketPath?: string;
  /** Ends what the executor needs, such as a daemon. The executor itself is closed by its worker. */
  close: () => Promise<void>;
}

export interface ExecutorSubject {
  kind: 'process' | 'docker';
  /** Why it cannot be opened on this machine; undefined if it can. */
  why: string | undefined;
  open: () => Promise<OpenedExecutor>;
}

/** The executors that run real work on one machine. */
export const executorSubjects: readonly ExecutorSubject[] = [
  { kind: 'process', why: undefined, open: openProcesses },
  { kind: 'docker', why: whyNoDocker(), open: openContainers },
];

async function openProcesses(): Promise<OpenedExecutor> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chainr-jobs-'));
  const executor = createProcessExecutor({ folder, instance: 'test' });
  return { executor, close: () => rm(folder, { recursive: true, force: true }) };
}

async function openContainers(): Promise<OpenedExecutor> {
  const daemon = await startDockerDaemon();
  await importBusybox(daemon.socketPath, ['busybox:latest']);
  const docker = connectToDaemon(daemon.socketPath);
  const found = await findDaemon(docker);
  if ('absent' in found) throw new Error(found.absent);
  const instance = randomUUID();
  return {
    executor: createDockerExecutor({ docker, daemonId: found.id, instance: () => instance }),
    socketPath: daemon.socketPath,
    close: daemon.stop,
  };
}

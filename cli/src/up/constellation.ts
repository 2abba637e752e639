import path from 'node:path';
import type { ExecutorKind } from '@chainr/core/engine/records';
import type { Part } from '@chainr/core/service/lifecycle';
import type { Logger } from '@chainr/core/service/logger';
import { createService as createGate } from '@chainr/gate/service';
import { createService as createNotif } from '@chainr/notif/service';
import { createService as createRecycle } from '@chainr/recycle/service';
import { createService as createSched } from '@chainr/sched/service';
import { createService as createUi } from '@chainr/ui/service';
import { answersDocker, createService as createWork, type WorkService } from '@chainr/work/service';
import type { DataFolder } from './data-folder.js';
import { OtherWorkers } from './other-workers.js';
import type { UpSettings } from './read-up-settings.js';

export interface Constellation {
  /** All services, in the order in which they start. */
  readonly parts: readonly Part[];
  /** The worker of the default pool, and those of other pools that unfinished runs are in. */
  readonly workers: () => readonly WorkService[];
  /** `http://host:port` of gate, once it is started. */
  readonly url: () => string;
  readonly executorKind: ExecutorKind;
}

/**
 * All services in one process. Only gate has a port. The others require no token, so they listen on sockets that only
 * this user can reach.
 *
 * Gate starts before work: if its port is taken, no job has started yet.
 */
export async function createConstellation(
  folder: DataFolder,
  redisUrl: string,
  loggerOf: (service: string) => Logger,
  settings: UpSettings,
): Promise<Constellation> {
  const { logLevel, ...gateConfig } = settings.gate;
  const workConfig = settings.work;
  const socketOf = (service: string) => ({ socketPath: path.join(folder.sockets, `${service}.sock`) });
  const configOf = (service: string) => ({ redisUrl, logLevel, listen: socketOf(service) });
  // Never Kubernetes by default: a kubeconfig may point to production.
  const chosen = settings.executorNamed
    ? workConfig.executor
    : (await answersDocker(workConfig))
      ? 'docker'
      : 'process';
  const executorKind: ExecutorKind = chosen;
  const pool = workConfig.pool || executorKind;

  const sched = createSched(
    { ...configOf('sched'), defaultPool: pool, archive: settings.recycle.archive },
    loggerOf('sched'),
  );
  const notif = createNotif(configOf('notif'), loggerOf('notif'));
  const ui = createUi(configOf('ui'), loggerOf('ui'));
  const upstreams = { sched: socketOf('sched'), notif: socketOf('notif'), ui: socketOf('ui') };
  const gate = createGate({ ...gateConfig, ...upstreams, logLevel }, loggerOf('gate'));
  const ownWork = { ...workConfig, redisUrl, logLevel, home: folder.home, alone: true };
  let workers = 0;
  const makeWork = (served: string, executor: ExecutorKind): Promise<WorkService> => {
    workers += 1;
    const config = { ...ownWork, executor, pool: served, listen: socketOf(`work-${String(workers)}`) };
    return createWork(config, { logger: loggerOf('work') });
  };
  const work = await makeWork(pool, executorKind);
  const others = new OtherWorkers({ redisUrl, logger: loggerOf('work'), own: pool, makeWork });
  const recycle = createRecycle(
    { ...settings.recycle, ...configOf('recycle'), hostLostAfterMs: 0 },
    loggerOf('recycle'),
  );
  return {
    parts: [sched, notif, ui, gate, work, others, recycle],
    workers: () => [work, ...others.services],
    url: () => gate.url,
    executorKind,
  };
}

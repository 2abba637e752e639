import path from 'node:path';
import { executorKinds, type ExecutorKind } from '@chainr/core/model/records';
import type { Part } from '@chainr/core/service/lifecycle';
import type { Logger } from '@chainr/core/service/logger';
import { createService as createGate, readConfig as readGateConfig } from '@chainr/gate/service';
import { createService as createNotif } from '@chainr/notif/service';
import { createService as createRecycle } from '@chainr/recycle/service';
import { createService as createSched } from '@chainr/sched/service';
import { createService as createUi } from '@chainr/ui/service';
import { createService as createWork, readConfig as readWorkConfig, type WorkService } from '@chainr/work/service';
import type { DataFolder } from './data-folder.js';

export interface Constellation {
  /** All services, in the order in which they start. */
  readonly parts: readonly Part[];
  readonly work: WorkService;
  /** `http://host:port` of gate, once it is started. */
  readonly url: () => string;
  readonly executorKind: ExecutorKind;
}

/**
 * All services in one process. Only gate has a port; the others listen on sockets that nobody but
 * this user can reach, since they ask for no token.
 *
 * Gate starts before work: where its port is taken, nothing was taken up yet.
 */
export function createConstellation(
  folder: DataFolder,
  redisUrl: string,
  loggerOf: (service: string) => Logger,
  env: NodeJS.ProcessEnv,
): Constellation {
  const { logLevel, ...gateConfig } = readGateConfig(env);
  const workConfig = readWorkConfig(env);
  const socketOf = (service: string) => ({ socketPath: path.join(folder.sockets, `${service}.sock`) });
  const configOf = (service: string) => ({ redisUrl, logLevel, listen: socketOf(service) });
  const executorKind = executorKinds.find((kind) => kind === workConfig.executor) ?? 'process';

  const sched = createSched({ ...configOf('sched'), executorKind }, loggerOf('sched'));
  const notif = createNotif(configOf('notif'), loggerOf('notif'));
  const ui = createUi(configOf('ui'), loggerOf('ui'));
  const upstreams = { sched: socketOf('sched'), notif: socketOf('notif'), ui: socketOf('ui') };
  const gate = createGate({ ...gateConfig, ...upstreams, logLevel }, loggerOf('gate'));
  const work = createWork(
    { ...workConfig, ...configOf('work'), home: folder.home, alone: true },
    { logger: loggerOf('work') },
  );
  const recycle = createRecycle({ ...configOf('recycle'), hostLostAfterMs: 0 }, loggerOf('recycle'));
  return { parts: [sched, notif, ui, gate, work, recycle], work, url: () => gate.url, executorKind };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@chainr/core/api/client/client';
import { parseServiceUrl } from '@chainr/core/service/address';
import type { Part } from '@chainr/core/service/lifecycle';
import type { Logger } from '@chainr/core/service/logger';
import { Store } from '@chainr/core/store/store';
import type { Executor } from '@chainr/executor/port';
import { createService as createGate } from '@chainr/gate/service';
import { createService as createNotif } from '@chainr/notif/service';
import { createService as createRecycle } from '@chainr/recycle/service';
import { createService as createSched } from '@chainr/sched/service';
import { createService as createUi } from '@chainr/ui/service';
import {
  createService as createWork,
  readConfig as readWorkConfig,
  type WorkConfig,
  type WorkService,
} from '@chainr/work/service';
import { keepAll } from './keep-all.js';
import { silentLogger } from './open-store.js';
import { startRedis, type TestRedis } from './redis.js';

type GateConfig = Parameters<typeof createGate>[0];

export interface ConstellationOptions {
  /** The executor; closed with the worker. */
  executor: Executor;
  /** Replaces the settings for tests, such as `{ capacity: 200 }`. */
  work?: Partial<WorkConfig>;
  gate?: Partial<GateConfig>;
  /** Further settings of Redis, such as `['--slowlog-log-slower-than', '5000']`. */
  redisSettings?: readonly string[];
  /** Defaults to `redis-server`. */
  redisProgram?: string;
  /** In place of one of its own, such as one behind a proxy; it stops with the constellation. */
  redis?: TestRedis;
  logger?: Logger;
}

export interface Constellation {
  /** `http://127.0.0.1:port` of gate. */
  readonly url: string;
  readonly client: Client;
  /** Direct access behind the API. */
  readonly store: Store;
  readonly redis: TestRedis;
  readonly work: WorkService;
  stop(): Promise<void>;
}

/** All services in this process, as in `chainr up`, on their own real Redis. */
export async function startConstellation(options: ConstellationOptions): Promise<Constellation> {
  const { executor, redisSettings, redisProgram, logger = silentLogger } = options;
  const redis = options.redis ?? (await startRedis(redisSettings, redisProgram));
  const home = await mkdtemp(path.join(tmpdir(), 'chainr-home-'));
  const listen = { host: '127.0.0.1', port: 0 };
  const base = { redisUrl: redis.url, listen, logLevel: 'silent' };
  const onSocket = (name: string) => ({ ...base, listen: { socketPath: path.join(home, `${name}.sock`) } });
  const sched = createSched({ ...onSocket('sched'), defaultPool: executor.kind }, logger);
  const notif = createNotif(onSocket('notif'), logger);
  const ui = createUi(onSocket('ui'), logger);
  const recycle = createRecycle({ ...base, hostLostAfterMs: 0, ...keepAll }, logger);
  const workConfig = {
    ...readWorkConfig({}),
    ...base,
    executor: executor.kind,
    home,
    capacity: 4,
    stopGraceMs: 2_000,
    alone: true,
    ...options.work,
  };
  const work = await createWork(workConfig, { logger, executor });
  const store = new Store({ url: redis.url, logger, deliver: () => undefined });
  const begun: Part[] = [];
  const stop = async (): Promise<void> => {
    for (let part = begun.pop(); part; part = begun.pop()) await part.stop();
    await redis.stop();
    await rm(home, { recursive: true, force: true });
  };
  const start = async (parts: readonly Part[]): Promise<void> => {
    for (const part of parts) {
      begun.push(part);
      await part.start();
    }
  };
  try {
    await start([store, sched, notif, ui]);
    const addressOf = ({ url }: { url: string }) => parseServiceUrl(url);
    const upstreams = { sched: addressOf(sched), notif: addressOf(notif), ui: addressOf(ui) };
    const gate = createGate(
      { listen, ...upstreams, connectionsPerClient: 2_500, logLevel: 'silent', ...options.gate },
      logger,
    );
    await start([gate, work, recycle]);
    return { url: gate.url, client: new Client({ baseUrl: gate.url }), store, redis, work, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

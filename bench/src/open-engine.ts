import path from 'node:path';
import { BundleQueue } from '@chainr/core/queue/bundle-queue';
import { createLogger } from '@chainr/core/service/logger';
import { Store } from '@chainr/core/store/store';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import type { Executor } from '@chainr/executor/port';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { createService, readConfig, type WorkConfig } from '@chainr/work/service';
import { StartCounter } from './count-starts.js';

/** The whole engine in this process, with its own Redis and an executor whose attempts end at once. */
export interface Engine {
  redis: TestRedis;
  /** Creates runs, as sched does. */
  store: Store;
  starts: StartCounter;
  stop(): Promise<void>;
}

/** Redis as in production, but without rewrites of its file, which would start at random times. */
export const redisSettings = ['--auto-aof-rewrite-percentage', '0'];

export interface EngineOptions {
  capacity?: number;
  /** Replaces the executor whose attempts end at once. */
  executor?: Executor;
  removalGraceMs?: number;
}

export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const redis = await startRedis(redisSettings);
  const logger = createLogger('bench', 'warn');
  const starts = new StartCounter();
  const fake = createFakeExecutor({ onStart: ({ run }) => starts.count(run) });
  const executor = options.executor ?? fake;
  const queue = new BundleQueue(redis.url, logger);
  const deliver = (bundles: Parameters<BundleQueue['deliver']>[0]) => {
    queue.deliver(bundles);
  };
  const store = new Store({ url: redis.url, logger, deliver, patienceMs: Infinity });
  const work = await createService(workConfig(redis, executor.kind, options), { logger, executor });
  const parts = [queue, store, work];
  for (const part of parts) await part.start();
  return {
    redis,
    store,
    starts,
    stop: async () => {
      for (const part of parts.toReversed()) await part.stop();
      await redis.stop();
    },
  };
}

const workConfig = (
  redis: TestRedis,
  executor: WorkConfig['executor'],
  { capacity = 500, removalGraceMs = 60_000 }: EngineOptions,
): WorkConfig => ({
  ...readConfig({}),
  redisUrl: redis.url,
  listen: { socketPath: path.join(redis.folder, 'work.sock') },
  logLevel: 'error',
  executor,
  home: redis.folder,
  capacity,
  removalGraceMs,
});

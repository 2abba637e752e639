import type { Redis } from 'ioredis';
import type { Pipeline } from '@chainr/core/pipeline/pipeline';
import type { RunUid } from '@chainr/core/engine/records';
import { createLogger } from '@chainr/core/service/logger';
import { Store, type StoreOptions } from '@chainr/core/store/store';
import { Inbox } from './inbox.js';
import { openRedisClient } from './open-redis-client.js';
import { startRedis, type TestRedis } from './redis.js';

export interface OpenStore {
  readonly redis: TestRedis;
  readonly store: Store;
  /** What the transitions of `store` handed out. */
  readonly inbox: Inbox;
  /** A separate client, to inspect and to break things. */
  readonly client: Redis;
  /** Creates a run that must be accepted. */
  create(pipeline: Pipeline): Promise<RunUid>;
  close(): Promise<void>;
}

export const silentLogger = createLogger('test', 'silent');

/** A started store on its own Redis, with an inbox instead of the queue. */
export async function openStore(
  options: Partial<StoreOptions> = {},
  redisSettings: readonly string[] = [],
  redisProgram?: string,
): Promise<OpenStore> {
  const redis = await startRedis(redisSettings, redisProgram);
  const inbox = new Inbox();
  const store = new Store({ url: redis.url, logger: silentLogger, deliver: inbox.deliver, ...options });
  await store.start();
  const client = await openRedisClient(redis.url);
  return {
    redis,
    store,
    inbox,
    client,
    create: (pipeline) => createRun(store, pipeline),
    close: async () => {
      await store.stop();
      client.disconnect();
      await redis.stop();
    },
  };
}

async function createRun(store: Store, pipeline: Pipeline): Promise<RunUid> {
  const source = { contentType: 'application/json', text: '{}' };
  const made = await store.runs.createRun({ pipeline, source, defaultPool: 'fake' });
  if (made.kind === 'conflict') throw new Error('the run was not created');
  return made.uid;
}

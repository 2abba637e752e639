import path from 'node:path';
import type { Redis } from 'ioredis';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { silentLogger } from '@chainr/testkit/open-store';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { startRedisProxy, type RedisProxy } from '@chainr/testkit/redis-proxy';
import { untilFound } from '@chainr/testkit/until-found';
import { BundleReader } from '../../src/queue/bundle-reader.js';

describe('a reader of the queue that is stopped', () => {
  let redis: TestRedis;
  let client: Redis;
  let proxy: RedisProxy;
  let reader: BundleReader;

  beforeEach(async () => {
    redis = await startRedis();
    client = await openRedisClient(redis.url);
    proxy = await startRedisProxy(redis.url, path.join(redis.folder, 'proxy.sock'));
    reader = new BundleReader({
      url: proxy.url,
      pool: 'fake',
      logger: silentLogger,
      room: () => Promise.resolve(),
      take: () => Promise.resolve(),
    });
    await reader.start();
    const blocked = async () => Number(/^blocked_clients:(\d+)/m.exec(await client.info('clients'))?.[1]);
    await untilFound('the reader to wait for a message', blocked);
  });

  afterEach(async () => {
    client.disconnect();
    await proxy.close();
    await redis.stop();
  });

  it('ends at once although no message comes for which it waits', () => reader.stop());

  it('ends at once although Redis is away', async () => {
    proxy.cut();
    await untilFound(
      'refused connections',
      () => proxy.refused,
      (count) => count >= 4,
    );
    await reader.stop();
  });
});

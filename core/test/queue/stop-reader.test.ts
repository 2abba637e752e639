import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { silentLogger } from '@chainr/testkit/open-store';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { startRedisProxy, type RedisProxy } from '@chainr/testkit/redis-proxy';
import { BundleReader } from '../../src/queue/bundle-reader.js';

describe('a reader of the queue that is stopped', () => {
  let redis: TestRedis;
  let proxy: RedisProxy;
  let reader: BundleReader;

  beforeEach(async () => {
    redis = await startRedis();
    proxy = await startRedisProxy(redis.url, path.join(redis.folder, 'proxy.sock'));
    reader = new BundleReader({
      url: proxy.url,
      kind: 'fake',
      logger: silentLogger,
      room: () => Promise.resolve(),
      take: () => Promise.resolve(),
    });
    await reader.start();
    await pause(100); // It waits for a message then, which nothing tells.
  });

  afterEach(async () => {
    await proxy.close();
    await redis.stop();
  });

  it('while it waits for a message does not wait for it', () => reader.stop());

  it('while Redis is away does not wait for it', async () => {
    proxy.cut();
    await pause(200); // Its connections wait to connect again then.
    await reader.stop();
  });
});

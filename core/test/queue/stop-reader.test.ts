import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { silentLogger } from '@chainr/testkit/open-store';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { startRedisProxy, type RedisProxy } from '@chainr/testkit/redis-proxy';
import { BundleReader } from '../../src/queue/bundle-reader.js';

/** How long a stop may take that has nothing to wait for. */
const soonMs = 1_900;

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

  async function expectSoon(): Promise<void> {
    const begun = performance.now();
    await reader.stop();
    expect(performance.now() - begun).to.be.below(soonMs);
  }

  it('while it waits for a message is done at once', expectSoon);

  it('while Redis is away does not wait for it', async () => {
    proxy.cut();
    await pause(200); // Its connections wait to connect again then.
    await expectSoon();
  });
});

import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { silentLogger } from '@chainr/testkit/open-store';
import { untilFound } from '@chainr/testkit/until-found';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { priorityBase, rankBase } from '../../src/pipeline/priorities.js';
import { BundleQueue, messageId } from '../../src/queue/bundle-queue.js';
import { queuePrefix } from '../../src/store/redis/keys.js';

/** `ready.lua` reads this set of BullMQ, which is not part of its interface. This test notices a version that changes it. */
describe('the waiting messages of BullMQ', () => {
  let redis: TestRedis;
  let client: Redis;
  let queue: BundleQueue;
  before(async () => {
    redis = await startRedis();
    client = await openRedisClient(redis.url);
    queue = new BundleQueue(redis.url, silentLogger);
    await queue.start();
  });
  after(async () => {
    await queue.stop();
    client.disconnect();
    await redis.stop();
  });

  it('is a sorted set of their ids by rank · 2^32 and the order in which they came', async () => {
    const sent = [
      { message: 1, priority: -100, cameBack: false },
      { message: 2, priority: 0, cameBack: false },
      { message: 3, priority: 0, cameBack: true },
      { message: 4, priority: 0, cameBack: false },
      { message: 5, priority: 100, cameBack: false },
    ];
    const key = `${queuePrefix}:fake:prioritized`;
    for (const [at, bundle] of sent.entries()) {
      queue.deliver([{ pool: 'fake', ids: ['uid.0.1'], ...bundle }]);
      await untilFound(
        'the message in the queue',
        () => client.zcard(key),
        (count) => count === at + 1,
      );
    }
    const scored = await client.zrange(key, 0, '-1', 'WITHSCORES');
    const found = sent.map((_, at) => ({ id: scored[at * 2], score: Number(scored[at * 2 + 1]) }));
    expect(found.map(({ id }) => id)).to.eql([5, 3, 2, 4, 1].map(messageId));
    const rank = (priority: number, cameBack = false) => rankBase - 2 * (priority + priorityBase) - (cameBack ? 1 : 0);
    expect(found.map(({ score }) => Math.floor(score / 2 ** 32))).to.eql([
      rank(100),
      rank(0, true),
      rank(0),
      rank(0),
      rank(-100),
    ]);
  });

  it('can only change with the exact version that every package asks for', async () => {
    for (const name of ['core', 'bench']) {
      const text = await readFile(new URL(`../../../${name}/package.json`, import.meta.url), 'utf8');
      const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
      expect(dependencies['bullmq'], name).to.match(/^\d+\.\d+\.\d+$/);
    }
    const lock = JSON.parse(await readFile(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as {
      packages: Record<string, { version?: string; dependencies?: Record<string, string> }>;
    };
    expect(lock.packages['core']?.dependencies?.['bullmq']).to.equal(lock.packages['node_modules/bullmq']?.version);
  });
});

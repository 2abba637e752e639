import { createLogger } from '@chainr/core/service/logger';
import { keys } from '@chainr/core/store/redis/keys';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { untilFound } from '@chainr/testkit/until-found';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { expect } from 'chai';
import { createService } from '../src/service.js';

describe('notif', () => {
  let redis: TestRedis;
  let client: Awaited<ReturnType<typeof openRedisClient>>;
  let service: ReturnType<typeof createService>;
  before(async () => {
    redis = await startRedis();
    client = await openRedisClient(redis.url);
    const config = { redisUrl: redis.url, listen: { host: '127.0.0.1', port: 0 }, logLevel: 'silent' };
    service = createService(config, createLogger('test', 'silent'));
    await service.start();
  });
  after(async () => {
    await service.stop();
    client.disconnect();
    await redis.stop();
  });

  const connections = async () => {
    const list = String(await client.client('LIST'));
    return [...list.matchAll(/ name=(chainr-\S+)/g)].map(([, name]) => name).sort();
  };

  it('has one connection for requests and one to follow the events, and no other', async () => {
    await untilFound('the connection for events', connections, (names) => names.includes('chainr-events'));
    expect(await connections()).to.eql(['chainr-events', 'chainr-main']);
  });

  it('writes nothing but the mark of an empty Redis', async () => {
    expect((await client.keys('*')).sort()).to.eql([keys.instance, keys.version].sort());
    expect(await client.call('FUNCTION', 'LIST')).to.eql([]);
  });
});

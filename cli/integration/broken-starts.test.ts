import path from 'node:path';
import { expect } from 'chai';
import type { Part } from '@chainr/core/service/lifecycle';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { createService as createNotif } from '@chainr/notif/service';
import { createService as createRecycle } from '@chainr/recycle/service';
import { createService as createSched } from '@chainr/sched/service';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { keepAll } from '@chainr/testkit/keep-all';
import { silentLogger } from '@chainr/testkit/open-store';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { startRedisProxy } from '@chainr/testkit/redis-proxy';
import { createService as createWork, readConfig } from '@chainr/work/service';

interface Place {
  redisUrl: string;
  home: string;
}

const listen = { host: '127.0.0.1', port: 0 };
const base = (redisUrl: string) => ({ redisUrl, listen, logLevel: 'silent' });

const services: Readonly<Record<string, (place: Place) => Part | Promise<Part>>> = {
  sched: ({ redisUrl }) => createSched({ ...base(redisUrl), defaultPool: 'fake' }, silentLogger),
  notif: ({ redisUrl }) => createNotif(base(redisUrl), silentLogger),
  recycle: ({ redisUrl }) => createRecycle({ ...base(redisUrl), hostLostAfterMs: 0, ...keepAll }, silentLogger),
  work: ({ redisUrl, home }) => {
    const env = { CHAINR_HOME: home, CHAINR_REDIS_URL: redisUrl, CHAINR_LISTEN: '127.0.0.1:0' };
    return createWork({ ...readConfig(env), alone: true }, { logger: silentLogger, executor: createFakeExecutor() });
  },
};

describe('a service whose Redis breaks while it starts', function () {
  this.timeout(300_000);
  const folders = useDataFolders();
  let redis: TestRedis;

  before(async () => (redis = await startRedis()));
  after(() => redis.stop());

  /** Breaks all connections at each chunk that the service sends, from the first to the last. */
  async function walk(name: string, isDelivered: boolean): Promise<number> {
    const home = await folders.make();
    for (let piece = 1; ; piece += 1) {
      const socket = path.join(redis.folder, `${name}-${String(isDelivered)}-${String(piece)}.sock`);
      const proxy = await startRedisProxy(redis.url, socket);
      const hasBroken = proxy.cutAt(piece, isDelivered);
      const service = await services[name]?.({ redisUrl: proxy.url, home });
      const place = `${name}, piece ${String(piece)}`;
      await service?.start().catch((error: unknown) => {
        throw new Error(`did not start: ${place}`, { cause: error });
      });
      const isOver = !hasBroken();
      await service?.stop();
      await proxy.close();
      if (isOver) return piece - 1;
    }
  }

  for (const name of Object.keys(services)) {
    it(`waits and then starts: ${name}`, async () => {
      const places = await Promise.all([walk(name, false), walk(name, true)]);
      console.log(`      broken at ${places.join(' and ')} places`);
      expect(Math.min(...places)).to.be.above(5);
    });
  }
});

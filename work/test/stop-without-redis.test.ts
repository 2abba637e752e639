import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { silentLogger } from '@chainr/testkit/open-store';
import { untilFound } from '@chainr/testkit/until-found';
import { readConfig } from '../src/config.js';
import { createService, type WorkService } from '../src/service.js';

describe('a worker without attempts', () => {
  let redis: TestRedis;
  let service: WorkService;

  beforeEach(async () => {
    redis = await startRedis();
    const config = { ...readConfig({ CHAINR_EXECUTOR: 'process', CHAINR_HOME: redis.folder }), redisUrl: redis.url };
    service = await createService({ ...config, listen: { host: '127.0.0.1', port: 0 } }, { logger: silentLogger });
    await service.start();
  });

  /** Until it has noticed: from then on its calls wait for Redis. */
  const untilNoticed = () =>
    untilFound('the worker to notice', async () => (await fetch(`${service.url}/readyz`)).status === 503);

  it('stops while Redis is away', async () => {
    await redis.stop();
    await untilNoticed();
    await service.stop();
  });

  it('stops while Redis is frozen', async () => {
    process.kill(redis.pid, 'SIGSTOP');
    try {
      await untilNoticed();
      await service.stop();
    } finally {
      process.kill(redis.pid, 'SIGCONT');
      await redis.stop();
    }
  });
});

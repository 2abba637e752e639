import { rename } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { silentLogger } from '@chainr/testkit/open-store';
import { readConfig } from '../src/config.js';
import { createService, type WorkService } from '../src/service.js';

interface Readiness {
  status: string;
  checks: Record<string, true | string>;
}

describe('the readiness of a worker', () => {
  let redis: TestRedis;
  let service: WorkService;

  beforeEach(async () => {
    redis = await startRedis();
    const config = { ...readConfig({ CHAINR_EXECUTOR: 'process', CHAINR_HOME: redis.folder }), redisUrl: redis.url };
    service = await createService({ ...config, listen: { host: '127.0.0.1', port: 0 } }, { logger: silentLogger });
    await service.start();
  });

  afterEach(async () => {
    await service.stop();
    await redis.stop();
  });

  async function readiness(): Promise<{ code: number; body: Readiness }> {
    const response = await fetch(`${service.url}/readyz`);
    return { code: response.status, body: (await response.json()) as Readiness };
  }

  it('needs Redis and its executor', async () => {
    expect(await readiness()).to.deep.nested.include({ code: 200, 'body.checks': { redis: true, executor: true } });
  });

  it('ends when Redis freezes, and comes back with it; the worker lives meanwhile', async () => {
    process.kill(redis.pid, 'SIGSTOP');
    try {
      const { code, body } = await readiness();
      expect(code).to.equal(503);
      expect(body.checks['redis']).to.be.a('string');
      expect(body.checks['executor']).to.equal(true);
      expect((await fetch(`${service.url}/healthz`)).status).to.equal(200);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    let code = 0;
    while (code !== 200) ({ code } = await readiness());
  });

  it('ends when its executor cannot work, and says why', async () => {
    const attempts = path.join(redis.folder, 'process', 'attempts');
    await rename(attempts, `${attempts}-away`);
    const { code, body } = await readiness();
    expect(code).to.equal(503);
    expect(body.checks['redis']).to.equal(true);
    expect(body.checks['executor']).to.match(/^process does not answer: .*attempts/);
    await rename(`${attempts}-away`, attempts);
    expect((await readiness()).code).to.equal(200);
  });
});

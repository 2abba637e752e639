import { expect } from 'chai';
import express from 'express';
import { healthRoutes, type ReadyCheck } from '../../src/service/health.js';
import { Metrics } from '../../src/service/metrics.js';
import { HttpServer } from '../../src/service/http-server.js';
import { createLogger } from '../../src/service/logger.js';
import { version } from '../../src/service/version.js';

describe('the health of a service', () => {
  let server: HttpServer;
  let redis: ReadyCheck;
  let logged: Record<string, unknown>[];

  beforeEach(async () => {
    redis = async () => true;
    logged = [];
    const write = (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>);
    const logger = createLogger('test', 'info', { write });
    const app = express().use(healthRoutes(new Metrics('test'), { redis: () => redis() }, logger));
    server = new HttpServer('http', app, { host: '127.0.0.1', port: 0 }, createLogger('test', 'silent'));
    await server.start();
  });

  afterEach(() => server.stop());

  it('is ok as long as the process answers', async () => {
    redis = async () => 'Redis is away.';
    const response = await fetch(`${server.url}/healthz`);
    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.equal({ status: 'ok', service: 'test', version });
    expect(version).to.match(/^\d+\.\d+\.\d+/);
  });

  it('is ready when all checks pass', async () => {
    const response = await fetch(`${server.url}/readyz`);
    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.include({ status: 'ok', checks: { redis: true } });
  });

  it('logs once why it is not ready, and that it is again', async () => {
    redis = async () => 'Redis is away.';
    for (let asked = 0; asked < 3; asked += 1) expect((await fetch(`${server.url}/readyz`)).status).to.equal(503);
    redis = async () => true;
    for (let asked = 0; asked < 3; asked += 1) expect((await fetch(`${server.url}/readyz`)).status).to.equal(200);
    expect(logged.map(({ level, msg }) => [level, msg])).to.deep.equal([
      ['warn', 'not ready'],
      ['info', 'ready again'],
    ]);
    expect(logged[0]?.['checks']).to.deep.equal({ redis: 'Redis is away.' });
  });

  it('says why it is not ready, also when a check throws', async () => {
    redis = async () => 'Redis is away.';
    const said = await fetch(`${server.url}/readyz`);
    expect(said.status).to.equal(503);
    expect(await said.json()).to.deep.include({ status: 'unready', checks: { redis: 'Redis is away.' } });
    redis = async () => Promise.reject(new Error('Redis broke.'));
    expect(await (await fetch(`${server.url}/readyz`)).json()).to.deep.include({ checks: { redis: 'Redis broke.' } });
  });
});

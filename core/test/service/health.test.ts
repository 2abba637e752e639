import { expect } from 'chai';
import express from 'express';
import { Health, type ReadyCheck } from '../../src/service/health.js';
import { errorHandler } from '../../src/service/express-errors.js';
import { requestIds } from '../../src/service/request-id.js';
import { Metrics } from '../../src/service/metrics.js';
import { HttpServer } from '../../src/service/http-server.js';
import { createLogger } from '../../src/service/logger.js';
import { version } from '../../src/service/version.js';

describe('the health of a service', () => {
  let server: HttpServer;
  let redis: ReadyCheck;
  let health: Health;
  let logged: Record<string, unknown>[];

  beforeEach(async () => {
    redis = async () => true;
    logged = [];
    const write = (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>);
    const logger = createLogger('test', 'info', { write });
    health = new Health(new Metrics('test'), { redis: () => redis() }, logger);
    const app = express().use(requestIds(), health.untilStarted(), health.routes());
    app.get('/other', (_request, response) => void response.end('other'));
    app.use(errorHandler(createLogger('test', 'silent')));
    server = new HttpServer('http', app, { host: '127.0.0.1', port: 0 }, createLogger('test', 'silent'));
    await server.start();
    health.standing = 'serving';
  });

  afterEach(() => server.stop());

  it('is ok as long as the process answers', async () => {
    redis = async () => 'Redis is away.';
    const response = await fetch(`${server.url}/healthz`);
    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.equal({ status: 'ok', service: 'test', version });
    expect(version).to.match(/^\d+\.\d+\.\d+/);
  });

  it('is ok and not ready while it starts, and refuses other requests', async () => {
    health.standing = 'starting';
    redis = () => Promise.reject(new Error('not asked'));
    expect((await fetch(`${server.url}/healthz`)).status).to.equal(200);
    expect((await fetch(`${server.url}/metrics`)).status).to.equal(200);
    const ready = await fetch(`${server.url}/readyz`);
    expect([ready.status, await ready.json()]).to.deep.equal([503, { status: 'starting', service: 'test', version, checks: {} }]); // prettier-ignore
    const other = await fetch(`${server.url}/other`);
    expect([other.status, other.headers.get('retry-after')]).to.deep.equal([503, '2']);
    expect(await other.json()).to.include({ code: 'Unavailable', message: 'test is starting; try again soon.' });
    health.standing = 'serving';
    expect(await (await fetch(`${server.url}/other`)).text()).to.equal('other');
  });

  it('is ok and not ready while it stops, and serves what comes', async () => {
    health.standing = 'stopping';
    expect((await fetch(`${server.url}/healthz`)).status).to.equal(200);
    expect((await fetch(`${server.url}/other`)).status).to.equal(200);
    const ready = await fetch(`${server.url}/readyz`);
    expect(ready.status).to.equal(503);
    expect(await ready.json()).to.include({ status: 'stopping' });
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

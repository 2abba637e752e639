import { once } from 'node:events';
import { expect } from 'chai';
import { HttpServer } from '@chainr/core/service/http-server';
import { createLogger } from '@chainr/core/service/logger';
import { upstreamLimits } from '../src/limits.js';
import { openProxy, RawService, type OpenProxy } from './open-proxy.js';

const post = { method: 'POST', headers: { 'content-type': 'application/json' } };

describe('a connection that gate keeps for the next request', () => {
  let service: RawService;
  let proxy: OpenProxy;

  beforeEach(async () => {
    service = new RawService();
    await service.listen();
  });

  afterEach(async () => {
    await proxy.close();
    await service.close();
  });

  it('is used again', async () => {
    proxy = await openProxy(service.server);
    expect((await proxy.ask('/api/runs', post, '{}')).text).to.equal('ok');
    expect((await proxy.ask('/api/runs', post, '{}')).text).to.equal('ok');
    expect(service.asked).to.deep.equal(['1 POST /api/runs', '1 POST /api/runs']);
  });

  it('is closed by gate before the service would', async () => {
    proxy = await openProxy(service.server, { idleMs: 40 });
    for (let connection = 1; connection <= 3; connection += 1) {
      expect((await proxy.ask('/api/runs', post, '{}')).text).to.equal('ok');
      expect(service.asked.at(-1)).to.equal(`${String(connection)} POST /api/runs`);
      const kept = service.sockets[connection - 1];
      if (kept && !kept.readableEnded) await once(kept, 'end');
    }
  });

  it('is not used near its end, even if gate was busy or frozen and no timer ran', async () => {
    proxy = await openProxy(service.server, { idleMs: 40 });
    await proxy.ask('/api/runs', post, '{}');
    const answered = proxy.ask('/api/runs', post, '{}');
    const frozenAt = performance.now();
    while (performance.now() - frozenAt < 100);
    expect((await answered).text).to.equal('ok');
    expect(service.asked.at(-1)).to.equal('2 POST /api/runs');
  });

  it('is kept for a shorter time than any service keeps it', async () => {
    proxy = await openProxy(service.server);
    const server = new HttpServer(
      'http',
      (_request, response) => response.end(),
      { host: '127.0.0.1', port: 0 },
      createLogger('test', 'silent'),
    );
    await server.start();
    const [, seconds] = /timeout=(\d+)/.exec((await fetch(server.url)).headers.get('keep-alive') ?? '') ?? [];
    await server.stop();
    expect(Number(seconds) * 1000).to.be.at.least(2 * upstreamLimits.idleMs);
  });

  describe('that the service closes while a request is on its way', () => {
    beforeEach(async () => {
      proxy = await openProxy(service.server);
      const { answer } = service;
      service.answer = (socket, asked) => {
        // The first request is answered; the second one on the same connection finds it closed.
        if (service.asked.filter((line) => line.split(' ', 1)[0] === asked.split(' ', 1)[0]).length === 1)
          answer(socket, asked);
        else socket.resetAndDestroy();
      };
      await proxy.ask('/first');
    });

    for (const method of ['GET', 'HEAD'])
      it(`repeats a ${method} on a new connection`, async () => {
        expect((await proxy.ask('/api/runs', { method })).status).to.equal(200);
        expect(service.asked.slice(1)).to.deep.equal([`1 ${method} /api/runs`, `2 ${method} /api/runs`]);
        expect(proxy.logLines).to.deep.equal([]);
      });

    for (const [method, body] of [
      ['POST', '{}'],
      ['POST', undefined],
      ['DELETE', undefined],
    ] as const)
      it(`does not repeat a ${method}, which may have been carried out: 503, with a log line`, async () => {
        const answer = await proxy.ask('/api/runs', { ...post, method }, body);
        expect([answer.status, answer.headers['retry-after']]).to.deep.equal([503, '2']);
        expect(service.asked.slice(1)).to.deep.equal([`1 ${method} /api/runs`]);
        expect(proxy.logLines).to.have.length(1);
        expect(proxy.logLines[0]).to.include({ level: 'warn', upstream: 'sched', method });
        expect(proxy.logLines[0]).to.have.nested.property('err.code', 'ECONNRESET');
      });

    it('gives up if the service resets every connection', async () => {
      service.answer = (socket) => void socket.resetAndDestroy();
      expect((await proxy.ask('/api/runs')).status).to.equal(503);
      expect(service.asked.slice(1)).to.deep.equal(['1 GET /api/runs', '2 GET /api/runs']);
    });
  });
});

import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { expect } from 'chai';
import { untilFound } from '@chainr/testkit/until-found';
import { openProxy, type OpenProxy } from './open-proxy.js';

const json = { 'content-type': 'application/json' };

describe('many requests at once', () => {
  let service: http.Server;
  let proxy: OpenProxy;
  /** The requests at the service, oldest first. */
  let inHand: { request: IncomingMessage; response: ServerResponse }[];
  let most: number;

  beforeEach(async () => {
    inHand = [];
    most = 0;
    service = http.createServer((request, response) => {
      request.resume();
      inHand.push({ request, response });
      most = Math.max(most, inHand.length);
    });
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
  });

  afterEach(async () => {
    await proxy.close();
    service.close();
    service.closeAllConnections();
  });

  async function untilInHand(count: number): Promise<void> {
    const look = () => inHand.map(({ request }) => request.url);
    await untilFound(`${count} requests at the service`, look, ({ length }) => length >= count, { everyMs: 0 });
  }

  const answerOldest = (): void => void inHand.shift()?.response.end('{}');

  it('are limited per service, and the others wait for their turn', async () => {
    proxy = await openProxy(service, { requestsAtOnce: 3 });
    const answers = Promise.all(Array.from({ length: 20 }, (_, at) => proxy.ask(`/api/runs?limit=${String(at)}`)));
    for (let answered = 0; answered < 20; answered += 1) {
      await untilInHand(1);
      answerOldest();
    }
    expect((await answers).map(({ status }) => status)).to.deep.equal(Array.from({ length: 20 }, () => 200));
    expect(most).to.be.at.most(3);
    expect(proxy.logLines).to.deep.equal([]);
  });

  it('get their turn despite many streams, which take none', async () => {
    proxy = await openProxy(service, { requestsAtOnce: 1, openingsAtOnce: 2 });
    const uid = '01990000-0000-7000-8000-00000000dead';
    const paths = ['/api/events?follow=true', `/api/runs/${uid}/jobs/a/logs?follow=true`];
    const opening = Array.from({ length: 60 }, (_, at) => proxy.open(paths[at % 2] ?? ''));
    await untilInHand(60);
    for (const { response } of inHand)
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' }).flushHeaders();
    const followed = await Promise.all(opening);
    const asking = proxy.ask('/api/runs');
    await untilInHand(61);
    inHand.at(-1)?.response.end('{}');
    expect((await asking).status).to.equal(200);
    for (const response of followed) response.destroy();
  });

  for (const [what, headers] of [
    ['a small body', { ...json, 'content-length': 10 }],
    ['a large body', { ...json, 'content-length': 1_000_000 }],
    ['a body of unknown size', { ...json, 'transfer-encoding': 'chunked' }],
  ] as const)
    it(`get their turn although another one sends slowly: ${what}`, async () => {
      proxy = await openProxy(service, { requestsAtOnce: 1, uploadsAtOnce: 1 });
      const slow = http.request({ host: '127.0.0.1', port: proxy.port, path: '/api/runs', method: 'POST', headers });
      slow.on('error', () => undefined).write('{"ki');
      if (what !== 'a small body') await untilInHand(1);
      const before = inHand.length;
      const asking = proxy.ask('/api/runs');
      await untilInHand(before + 1);
      inHand.at(-1)?.response.end('{}');
      expect((await asking).status).to.equal(200);
      slow.destroy();
    });

  it('get their turn although another one does not read its answer', async () => {
    proxy = await openProxy(service, { requestsAtOnce: 1 });
    const unread = await (async () => {
      const opening = proxy.open('/api/runs');
      await untilInHand(1);
      inHand.shift()?.response.end(Buffer.alloc(20_000_000, ' '));
      return opening;
    })();
    const asking = proxy.ask('/api/runs');
    await untilInHand(1);
    answerOldest();
    expect((await asking).status).to.equal(200);
    unread.destroy();
  });

  it('get an error if their turn does not come, with a log line that says why', async () => {
    proxy = await openProxy(service, { requestsAtOnce: 1, turnMs: 30 });
    const first = proxy.ask('/api/runs');
    await untilInHand(1);
    const second = await proxy.ask('/api/runs');
    expect([second.status, second.headers['retry-after']]).to.deep.equal([503, '2']);
    expect(second.json).to.include({ code: 'Unavailable', message: 'sched is busy; try again soon.' });
    expect(proxy.logLines[0]).to.include({ level: 'warn', upstream: 'sched', taken: 1 });
    expect(proxy.logLines[0]).to.have.nested.property('err.type', 'NoSlot');
    answerOldest();
    expect((await first).status).to.equal(200);
  });

  it('lose their place when the client disconnects', async () => {
    proxy = await openProxy(service, { requestsAtOnce: 1 });
    const first = proxy.ask('/api/runs?limit=1');
    await untilInHand(1);
    const leaving = http.get({ host: '127.0.0.1', port: proxy.port, path: '/api/runs?limit=2', agent: false });
    leaving.on('error', () => undefined);
    await once(leaving, 'finish');
    const third = proxy.ask('/api/runs?limit=3');
    leaving.destroy();
    answerOldest();
    await first;
    // The request of the client that left may have reached the service first; gate then ends it there.
    await untilInHand(1);
    while (inHand[0]?.request.url !== '/api/runs?limit=3') {
      const gone = inHand.shift();
      if (gone && !gone.response.closed) await once(gone.response, 'close');
      await untilInHand(1);
    }
    answerOldest();
    expect((await third).status).to.equal(200);
  });
});

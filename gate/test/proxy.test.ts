import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { expect } from 'chai';
import { deferred } from '../../core/test/service/deferred.js';
import { openGate, readAnswer, type OpenGate } from './open-gate.js';

const json = { 'content-type': 'application/json' };
const limit = 8 * 1024 * 1024;

describe('gate as a proxy', () => {
  let gate: OpenGate;

  beforeEach(async () => {
    gate = await openGate();
  });

  afterEach(() => gate.close());

  const routes = {
    '/api/events': 'notif',
    '/api/events?after=1': 'notif',
    '/api/runs': 'sched',
    '/api': 'sched',
    '/api?x': 'sched',
    '/': 'ui',
    '/runs/x': 'ui',
    '/apiary': 'ui',
  };
  for (const [path, name] of Object.entries(routes)) {
    it(`sends ${path} to ${name}`, async () => {
      expect((await gate.ask(path)).json).to.include({ name, url: path });
    });
  }

  it('passes a body of exactly 8 MiB, with or without its length, and with Expect: 100-continue', async () => {
    const body = Buffer.alloc(limit, ' ');
    const post = { method: 'POST', headers: { ...json, 'content-length': limit } };
    expect((await gate.ask('/api/runs', post, body)).json).to.include({ bytes: limit });
    expect(
      (await gate.ask('/api/runs', { method: 'POST', headers: { ...json, 'transfer-encoding': 'chunked' } }, body))
        .json,
    ).to.include({ bytes: limit });
    expect(
      (await gate.ask('/api/runs', { ...post, headers: { ...post.headers, expect: '100-continue' } }, body)).json,
    ).to.include({ bytes: limit });
  });

  it('refuses a larger body with a 413 that arrives although the client is still sending', async () => {
    const body = Buffer.alloc(3 * limit, ' ');
    for (const framing of [{ 'content-length': body.length }, { 'transfer-encoding': 'chunked' }]) {
      for (const connection of ['close', 'keep-alive']) {
        const headers = { ...json, ...framing, connection };
        const answer = await gate.ask('/api/runs', { method: 'POST', headers }, body);
        expect(answer.status).to.equal(413);
        expect(answer.json).to.include({ kind: 'Error', code: 'TooLarge', message: 'The body is larger than 8 MiB.' });
      }
    }
  });

  it('ends the request to the service when a body without a length turns out too large', async () => {
    const aborted = deferred();
    gate.handlers.sched = (request) => void request.once('error', () => aborted.resolve()).resume();
    const answer = await gate.ask(
      '/api/runs',
      { method: 'POST', headers: { ...json, 'transfer-encoding': 'chunked' } },
      Buffer.alloc(limit + 1),
    );
    expect(answer.status).to.equal(413);
    await aborted.promise;
  });

  it('passes on the data of a stream at once', async () => {
    const more = deferred();
    gate.handlers.notif = (_request, response) => {
      response.write('{"n":1}\n');
      void more.promise.then(() => response.end('{"n":2}\n'));
    };
    const request = http.get(`${gate.url}/api/events?follow=true`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const [first] = (await once(response, 'data')) as [Buffer];
    expect(first.toString()).to.equal('{"n":1}\n');
    more.resolve();
    const [second] = (await once(response, 'data')) as [Buffer];
    expect(second.toString()).to.equal('{"n":2}\n');
  });

  it('passes on the head of a stream before its first data', async () => {
    gate.handlers.notif = (_request, response) => response.setHeader('X-Chainr-Cursor', '1-0').flushHeaders();
    const request = http.get(`${gate.url}/api/events?follow=true`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.headers['x-chainr-cursor']).to.equal('1-0');
    request.on('error', () => {}).destroy();
  });

  it('ends the request to the service when the client disconnects', async () => {
    const gone = deferred();
    gate.handlers.notif = (_request, response) => void response.once('close', () => gone.resolve()).write('x');
    const request = http.get(`${gate.url}/api/events?follow=true`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.once('error', () => {});
    request.destroy();
    await gone.promise;
  });

  it('does not make an interrupted answer look complete', async () => {
    gate.handlers.sched = (_request, response) => {
      response.write('half');
      setImmediate(() => response.destroy());
    };
    const failure = await gate.ask('/api/runs').catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error).with.property('code', 'ECONNRESET');
  });

  it('answers 503 with Retry-After while a service is away', async () => {
    await gate.stopService('sched');
    const answer = await gate.ask('/api/runs', { method: 'POST', headers: json }, Buffer.alloc(limit));
    expect(answer.status).to.equal(503);
    expect(answer.headers['retry-after']).to.equal('2');
    expect(answer.json).to.include({
      kind: 'Error',
      code: 'Unavailable',
      message: 'sched does not answer; try again soon.',
    });
  });

  it('names the services that it has not reached yet in its readiness', async () => {
    gate.handlers.notif = (_request, response) => void response.writeHead(503).end();
    await gate.stopService('sched');
    const answer = await gate.ask('/readyz');
    expect(answer.status).to.equal(503);
    expect(answer.json).to.have.nested.property('checks.notif', 'notif is not ready.');
    expect(answer.json).to.have.nested.property('checks.sched').that.includes('sched does not answer');
  });

  it('stays ready once it has reached its services, so that their outage does not take away every gate', async () => {
    expect((await gate.ask('/readyz')).status).to.equal(200);
    gate.handlers.notif = (_request, response) => void response.writeHead(503).end();
    await gate.stopService('sched');
    expect((await gate.ask('/readyz')).status).to.equal(200);
    expect((await gate.ask('/api/runs')).status).to.equal(503);
  });

  it('keeps connections for the next request, and closes them on request', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (const path of ['/api/runs', '/api/runs', '/']) {
      const request = http.get(gate.url + path, { agent });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      ports.add(request.socket?.localPort);
      await readAnswer(response);
    }
    agent.destroy();
    expect(ports.size).to.equal(1);
    expect((await gate.ask('/api/runs', { headers: { connection: 'close' } })).headers.connection).to.equal('close');
  });

  it('gives each request an id, keeps a safe one, and replaces one that could forge a log line', async () => {
    const made = await gate.ask('/api/runs');
    expect(made.headers['x-request-id']).to.match(/^[0-9a-f-]{36}$/);
    expect(made.json).to.have.nested.property('headers.x-request-id', made.headers['x-request-id']);
    expect((await gate.ask('/api/runs', { headers: { 'X-Request-Id': 'ci-42' } })).headers['x-request-id']).to.equal(
      'ci-42',
    );
    expect((await gate.ask('/api/runs', { headers: { 'X-Request-Id': 'a b"}' } })).headers['x-request-id']).to.match(
      /^[0-9a-f-]{36}$/,
    );
    const refused = await gate.ask('/api/runs', { headers: { 'X-Request-Id': 'ci-43', origin: 'null' } });
    expect(refused.json).to.include({ requestId: 'ci-43' });
  });

  it('logs each request without its query', async () => {
    await gate.ask('/api/runs?token=s3cret', { headers: { 'X-Request-Id': 'ci-44' } });
    const line = gate.logLines.find((candidate) => candidate['requestId'] === 'ci-44');
    expect(line).to.include({ msg: 'request', method: 'GET', path: '/api/runs', status: 200 });
    expect(line?.['ms']).to.be.a('number');
    expect(line?.['bytes']).to.be.greaterThan(100);
    expect(JSON.stringify(gate.logLines)).to.not.include('s3cret');
  });

  it('puts its security headers on every answer, and leaves a page its own policy', async () => {
    gate.handlers.ui = (_request, response) =>
      void response.setHeader('Content-Security-Policy', "script-src 'self'").end('page');
    const api = await gate.ask('/api/runs');
    expect(api.headers).to.include({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(api.headers['content-security-policy']).to.include("default-src 'none'");
    expect((await gate.ask('/')).headers['content-security-policy']).to.equal("script-src 'self'");
  });

  it('refuses addresses that are too long or are no paths', async () => {
    const long = await gate.ask(`/api/runs?x=${'x'.repeat(9000)}`);
    expect([long.status, long.json]).to.deep.include(414);
    expect(
      await raw(gate.port, 'GET http://evil.example/api/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    )
      .to.include('400 Bad Request')
      .and.to.include('"kind":"Error"');
  });

  it('answers invalid HTTP and too large headers in the form of all errors', async () => {
    expect(await raw(gate.port, 'nonsense\r\n\r\n')).to.match(/^HTTP\/1.1 400 .*"kind":"Error","code":"BadRequest"/s);
    const headers = `GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`;
    expect(await raw(gate.port, headers)).to.match(/^HTTP\/1.1 400 .*The headers are larger than 16384 bytes/s);
  });
});

async function raw(port: number, text: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(text);
  return ((await socket.toArray()) as Buffer[]).join('');
}

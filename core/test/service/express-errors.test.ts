import { expect } from 'chai';
import express from 'express';
import { ApiError } from '../../src/api/contract/errors.js';
import { errorHandler, methodNotAllowed, notFound } from '../../src/service/express-errors.js';
import { HttpServer } from '../../src/service/http-server.js';
import { createLogger } from '../../src/service/logger.js';
import { requestIds } from '../../src/service/request-id.js';
import { StoreFull, StoreUnavailable } from '../../src/store/redis/errors.js';

describe('the errors of a service', () => {
  const logged: Record<string, unknown>[] = [];
  const write = (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger('test', 'warn', { write });
  let server: HttpServer;
  let thrown: Error;

  before(async () => {
    const app = express().use(requestIds());
    app.get('/throws', () => Promise.reject(thrown));
    app.get('/prepared', (_request, response) => {
      response.set({ 'Content-Type': 'application/x-ndjson', 'Content-Length': '3', ETag: '"x"', Location: '/x' });
      response.set({ Vary: 'Accept', 'X-Chainr-Attempt': '2', 'X-Chainr-Cursor': '1-0', 'Content-Encoding': 'gzip' });
      throw thrown;
    });
    app.get('/breaks-off', (_request, response) => {
      response.write('half');
      throw thrown;
    });
    app.post('/json', express.json({ limit: 10 }), (_request, response) => void response.end());
    app
      .route('/runs')
      .get((_request, response) => void response.end())
      .all(methodNotAllowed('GET', 'HEAD'));
    app.get('/named/:name', (_request, response) => void response.end());
    app.use(notFound(), errorHandler(logger));
    server = new HttpServer('http', app, { host: '127.0.0.1', port: 0 }, logger);
    await server.start();
  });

  after(() => server.stop());

  async function ask(path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; body: unknown }> {
    const response = await fetch(server.url + path, { headers: { 'X-Request-Id': 'r-1' }, ...init });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  it('have one form, with the id of the request', async () => {
    thrown = new ApiError('Conflict', 'It is taken.', {
      details: [{ path: 'name', message: 'is taken' }],
      headers: { 'X-Why': 'so' },
    });
    const { status, headers, body } = await ask('/throws');
    expect([status, headers.get('x-why'), headers.get('x-request-id')]).to.deep.equal([409, 'so', 'r-1']);
    expect(body).to.deep.equal({
      kind: 'Error',
      code: 'Conflict',
      message: 'It is taken.',
      details: [{ path: 'name', message: 'is taken' }],
      requestId: 'r-1',
    });
  });

  for (const method of ['GET', 'HEAD']) {
    it(`are JSON, whatever the handler had prepared for its success (${method})`, async () => {
      thrown = new ApiError('Gone', 'It was removed.');
      const response = await fetch(`${server.url}/prepared`, { method });
      const body = await response.text();
      const { headers } = response;
      expect(response.status).to.equal(410);
      expect(headers.get('content-type')).to.equal('application/json; charset=utf-8');
      expect(headers.get('cache-control')).to.equal('no-store');
      for (const name of ['etag', 'location', 'vary', 'x-chainr-attempt', 'x-chainr-cursor', 'content-encoding'])
        expect(headers.get(name), name).to.equal(null);
      if (method === 'HEAD') expect(body).to.equal('');
      else expect(JSON.parse(body)).to.include({ kind: 'Error', code: 'Gone', message: 'It was removed.' });
      expect(Number(headers.get('content-length'))).to.be.greaterThan(20);
    });
  }

  it('are logged with their cause if they are 503', async () => {
    logged.length = 0;
    thrown = new StoreUnavailable('ECONNREFUSED');
    await ask('/throws');
    thrown = new StoreFull('OOM');
    await ask('/throws');
    thrown = new ApiError('NotFound', 'There is no such thing.');
    await ask('/throws');
    expect(logged.map(({ level, code, requestId }) => [level, code, requestId])).to.deep.equal([
      ['warn', 'Unavailable', 'r-1'],
      ['warn', 'StoreFull', 'r-1'],
    ]);
    expect(JSON.stringify(logged)).to.include('ECONNREFUSED');
  });

  it('say what to do while Redis is full', async () => {
    thrown = new StoreFull('OOM');
    const { status, headers, body } = await ask('/throws');
    expect([status, headers.get('retry-after')]).to.deep.equal([503, '30']);
    expect(body).to.include({ code: 'StoreFull' });
  });

  it('say when to try again while Redis is away', async () => {
    thrown = new StoreUnavailable('ECONNREFUSED');
    const { status, headers, body } = await ask('/throws');
    expect([status, headers.get('retry-after')]).to.deep.equal([503, '2']);
    expect(body).to.include({ code: 'Unavailable' });
  });

  it('hide the details of an internal error', async () => {
    thrown = new Error('secret detail');
    const { status, body } = await ask('/throws');
    expect(status).to.equal(500);
    expect(body).to.include({ code: 'Internal' });
    expect(JSON.stringify(body)).to.not.include('secret');
  });

  it('name the methods that an address answers, and addresses that do not exist', async () => {
    const wrong = await ask('/runs', { method: 'DELETE' });
    expect([wrong.status, wrong.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD']);
    expect((await ask('/other')).body).to.include({ code: 'NotFound', message: 'There is nothing at /other.' });
  });

  it('are the caller’s fault for a bad body or address', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await ask('/json', { method: 'POST', headers, body: '{' })).body).to.include({ code: 'BadRequest' });
    expect((await ask('/json', { method: 'POST', headers, body: '"0123456789"' })).body).to.include({
      code: 'TooLarge',
    });
    expect((await ask('/named/%E0%A4')).body).to.include({ code: 'BadRequest' });
  });

  it('cut a started answer, so that it does not look complete', async () => {
    const failure = await fetch(`${server.url}/breaks-off`)
      .then((response) => response.text())
      .catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(TypeError);
  });
});

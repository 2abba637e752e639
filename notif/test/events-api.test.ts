import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { checkPipeline } from '@chainr/core/pipeline/checks/check-pipeline';
import { createLogger } from '@chainr/core/service/logger';
import type { ListeningService } from '@chainr/core/service/listening-service';
import { Store } from '@chainr/core/store/store';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { expect } from 'chai';
import { createService } from '../src/service.js';

const logger = createLogger('test', 'silent');

interface EventOrResync {
  kind: string;
  cursor: string;
  time?: string;
}

describe('GET /api/events', () => {
  let redis: TestRedis;
  let store: Store;
  let service: ListeningService;

  before(async () => {
    redis = await startRedis();
    store = new Store({ url: redis.url, logger, deliver: () => undefined });
    await store.start();
    const config = { redisUrl: redis.url, listen: { host: '127.0.0.1', port: 0 }, logLevel: 'silent' };
    service = createService(config, logger);
    await service.start();
  });

  after(async () => {
    await service.stop();
    await store.stop();
    await redis.stop();
  });

  async function createRun(): Promise<void> {
    const checked = checkPipeline({ kind: 'Pipeline', jobs: { only: { image: 'busybox', run: 'true' } } });
    if (!('pipeline' in checked)) throw new Error(JSON.stringify(checked));
    const source = { contentType: 'application/json', text: '{}' };
    await store.runs.createRun({ pipeline: checked.pipeline, source, defaultPool: 'fake' });
  }

  async function page(query = ''): Promise<{ response: Response; lines: EventOrResync[] }> {
    const response = await fetch(`${service.url}/api/events${query}`);
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    return { response, lines: lines.map((line) => JSON.parse(line) as EventOrResync) };
  }

  async function follow(query: string): Promise<{ cursor: string; lines: AsyncIterator<string>; close: () => void }> {
    const request = http.get(`${service.url}/api/events?follow=true${query}`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const close = (): void => void request.on('error', () => undefined).destroy();
    const reader = createInterface({ input: response.on('error', () => undefined) });
    return { cursor: String(response.headers['x-chainr-cursor']), lines: reader[Symbol.asyncIterator](), close };
  }

  it('returns a page and the cursor of the next one', async () => {
    for (let n = 0; n < 3; n += 1) await createRun();
    const first = await page('?limit=2');
    expect(first.response.headers.get('content-type')).to.match(/^application\/x-ndjson/);
    expect(first.lines).to.have.length(2);
    expect(first.lines[0]).to.include({ kind: 'run.created' });
    expect(first.lines[0]?.time).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
    const cursor = first.response.headers.get('x-chainr-cursor');
    expect(cursor).to.equal(first.lines[1]?.cursor);
    const second = await page(`?after=${cursor}`);
    expect(second.lines).to.have.length(1);
    const end = second.response.headers.get('x-chainr-cursor');
    expect((await page(`?after=${end}`)).lines).to.have.length(0);
    expect((await page('?after=latest')).response.headers.get('x-chainr-cursor')).to.equal(end);
  });

  it('leaves no gap between history and live events, whenever a client comes (see Gapless events)', async () => {
    const start = (await page('?after=latest')).response.headers.get('x-chainr-cursor') ?? '';
    const total = 300;
    const creating = (async () => {
      for (let n = 0; n < total; n += 10) await Promise.all(Array.from({ length: 10 }, createRun));
    })();
    const clients = Array.from({ length: 12 }, async () => {
      const { lines, close } = await follow(`&after=${start}`);
      const cursors: string[] = [];
      while (cursors.length < total) {
        const { value } = (await lines.next()) as { value: string };
        if (value !== '') cursors.push((JSON.parse(value) as EventOrResync).cursor);
      }
      close();
      return cursors;
    });
    const seen = await Promise.all(clients);
    await creating;
    const stored = (await page(`?after=${start}&limit=10000`)).lines.map((line) => line.cursor);
    expect(stored).to.have.length(total);
    for (const cursors of seen) expect(cursors).to.deep.equal(stored);
  });

  it('follows from the end with a cursor to return with, and ends after the requested number of events', async () => {
    const { cursor, lines } = await follow('&after=latest&limit=2');
    expect(cursor).to.match(/^\d+-\d+$/);
    await Promise.all([createRun(), createRun(), createRun()]);
    const got: string[] = [];
    for (let next = await lines.next(); !next.done; next = await lines.next()) got.push(next.value);
    expect(got).to.have.length(2);
  });

  it('sends resync for an unknown cursor, too old or newer than the end', async () => {
    for (const after of ['1-0', '9999999999999-0']) {
      const { lines, response } = await page(`?after=${after}`);
      expect(lines).to.deep.equal([{ kind: 'resync', cursor: response.headers.get('x-chainr-cursor') }]);
      const live = await follow(`&after=${after}`);
      expect(JSON.parse(((await live.lines.next()) as { value: string }).value)).to.include({ kind: 'resync' });
      live.close();
    }
  });

  it('refuses an invalid cursor and other mistakes, all at once', async () => {
    const response = await fetch(`${service.url}/api/events?after=yesterday`);
    expect(response.status).to.equal(400);
    const body = (await response.json()) as { details: { path: string; message: string }[] };
    expect(body).to.include({ kind: 'Error', code: 'BadRequest' });
    expect(body.details).to.deep.equal([
      { path: 'after', message: 'must be the cursor of an event, such as 1763690000000-0, or latest' },
    ]);
    const twice = (await (await fetch(`${service.url}/api/events?limit=0&folow=true`)).json()) as typeof body;
    expect(twice.details.map((detail) => detail.path)).to.have.members(['limit', 'folow']);
  });

  it('answers 405 with the allowed methods, and 404 elsewhere', async () => {
    const response = await fetch(`${service.url}/api/events`, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD, OPTIONS']);
    expect((await fetch(`${service.url}/api/event`)).status).to.equal(404);
    expect((await fetch(`${service.url}/api/events?follow=true`, { method: 'HEAD' })).status).to.equal(200);
  });

  it('is ready as long as Redis answers', async () => {
    expect((await fetch(`${service.url}/readyz`)).status).to.equal(200);
  });

  it('ends the streams when it stops', async () => {
    const other = createService(
      { redisUrl: redis.url, listen: { host: '127.0.0.1', port: 0 }, logLevel: 'silent' },
      logger,
    );
    await other.start();
    const response = await fetch(`${other.url}/api/events?follow=true&after=latest`);
    const text = response.text();
    await other.stop();
    expect(await text).to.equal('');
  });
});

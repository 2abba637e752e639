import { expect } from 'chai';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { errorBodySchema } from '@chainr/core/api/contract/errors';
import { DirectoryStore } from '@chainr/core/objects/directory-store';
import { Store } from '@chainr/core/store/store';
import { silentLogger } from '@chainr/testkit/open-store';
import { openSched, type OpenSched } from './open-sched.js';

const never = new AbortController().signal;
const job = { image: 'busybox', run: 'exit 0' };

describe('reading a log in the archive', () => {
  let root: string;
  let sched: OpenSched;
  let recycled: Store;
  let uid: string;
  /** What each request was answered before the log moved. */
  const known = new Map<string, unknown>();

  const requests: [query: string, headers: Record<string, string>][] = [
    ['', {}],
    ['', { Accept: 'application/x-ndjson' }],
    ['?raw=true', {}],
    ['?offset=9', {}],
    ['?offset=100000', { Accept: 'application/x-ndjson' }],
    ['?step=second', { Accept: 'application/x-ndjson' }],
  ];
  const logs = (query: string, headers: Record<string, string> = {}) =>
    sched.get(`/api/runs/${uid}/jobs/only/logs${query}`, headers);
  const answer = async (response: Response) => [
    response.status,
    response.headers.get('content-type'),
    response.headers.get('x-chainr-next-offset'),
    response.headers.get('x-chainr-log-ended'),
    Buffer.from(await response.arrayBuffer()),
  ];

  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'chainr-archive-'));
    sched = await openSched({ archive: `file://${root}/objects` });
    recycled = new Store({
      url: sched.redis.url,
      logger: silentLogger,
      archive: new DirectoryStore(`${root}/objects`),
    });
    await recycled.start();
    uid = await sched.create({ only: { steps: ['first', 'second'].map((name) => ({ ...job, name })) } });
    const lease = await sched.worker.claim(uid, 0);
    const lines = Array.from({ length: 9_000 }, (_, at) => ({
      time: 1_763_690_000_000 + at,
      step: at < 5_000 ? 'first' : 'second',
      stream: at % 2 === 0 ? ('stdout' as const) : ('stderr' as const),
      bytes: Buffer.from(at === 7 ? [0xff, 0xc3, 0x28, 0x0a] : `line ${String(at)} ✓ ${'.'.repeat(at % 100)}\n`),
    }));
    await sched.worker.log(lease, lines, true);
    await sched.worker.finish(lease);
    await sched.worker.close(lease);
    for (const [query, headers] of requests)
      known.set(query + JSON.stringify(headers), await answer(await logs(query, headers)));
    expect(await recycled.archive?.move(uid, never)).to.equal(1);
  });

  after(async () => {
    await recycled.stop();
    await sched.close();
    await rm(root, { recursive: true });
  });

  it('answers as before it moved: text, lines and bytes, from any offset', async () => {
    for (const [query, headers] of requests)
      expect(await answer(await logs(query, headers)), query).to.deep.equal(known.get(query + JSON.stringify(headers)));
  });

  it('ends a follower with the whole log', async () => {
    const response = await logs('?follow=true');
    expect(Buffer.from(await response.arrayBuffer())).to.deep.equal((known.get('{}') as unknown[]).at(-1));
  });

  it('answers HEAD with the end of the log', async () => {
    const response = await fetch(`${sched.url}/api/runs/${uid}/jobs/only/logs`, { method: 'HEAD' });
    expect((await answer(response)).slice(0, 4)).to.deep.equal((known.get('{}') as unknown[]).slice(0, 4));
  });

  it('answers 503 while the archive is away, also to a follower', async () => {
    await rename(`${root}/objects`, `${root}/elsewhere`);
    try {
      for (const query of ['', '?raw=true', '?follow=true', '?offset=5']) {
        const response = await logs(query);
        expect(response.status, query).to.equal(503);
        const { code, message } = errorBodySchema.parse(await response.json());
        expect(code).to.equal('Unavailable');
        expect(message).to.match(/archive, which cannot be read: .*file:\/\/.*\/objects/);
        expect(response.headers.get('retry-after')).to.match(/^\d+$/);
      }
    } finally {
      await rename(`${root}/elsewhere`, `${root}/objects`);
    }
    expect((await logs('')).status).to.equal(200);
  });
});

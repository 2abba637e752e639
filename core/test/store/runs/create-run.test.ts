import { expect } from 'chai';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import type { Pipeline } from '../../../src/pipeline/pipeline.js';
import { keys, parseAttemptId } from '../../../src/store/redis/keys.js';

const source = { contentType: 'application/json', text: '{}' };

describe('creating a run', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const createWith = (pipeline: Pipeline, key: string, bodyHash: string, scope = 'me') =>
    open.store.runs.createRun({ pipeline, source, defaultPool: 'fake', idempotency: { scope, key, bodyHash } });
  const countRuns = () => open.client.zcard(keys.runs);

  it('hands out the jobs without dependencies', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: ['a'], c: [] }));
    expect(open.inbox.take(uid)).to.eql([`${uid}.0.1`, `${uid}.2.1`]);
    const jobs = await open.store.runs.listJobs(uid, { from: 0, limit: 10 });
    expect(jobs.map(({ name, status, reason }) => [name, status, reason])).to.eql([
      ['a', 'PENDING', 'Queued'],
      ['b', 'PENDING', 'WaitingForDependencies'],
      ['c', 'PENDING', 'Queued'],
    ]);
  });

  it('is in the pool of its pipeline, or else in the default one', async () => {
    const poolOf = async (pipeline: Parameters<typeof open.create>[0]) =>
      (await open.store.runs.getRun(await open.create(pipeline)))?.pool;
    expect(await poolOf(pipelineOf({ a: [] }))).to.equal('fake');
    expect(await poolOf({ ...pipelineOf({ a: [] }), pool: 'gpu' })).to.equal('gpu');
  });

  for (const { size, pipeline } of [
    { size: 'small', pipeline: pipelineOf({ a: [] }) },
    { size: 'large', pipeline: fanOfJobs(300) },
  ]) {
    it(`answers a repeat with the first run (${size})`, async () => {
      const first = await createWith(pipeline, size, 'hash');
      const before = await countRuns();
      expect(first.kind).to.equal('created');
      expect(await createWith(pipeline, size, 'hash')).to.eql({ ...first, kind: 'replayed' });
      expect(await countRuns()).to.equal(before);
    });

    it(`refuses another body under the same key (${size})`, async () => {
      await createWith(pipeline, `${size}-2`, 'hash');
      expect(await createWith(pipeline, `${size}-2`, 'other')).to.eql({ kind: 'conflict' });
    });
  }

  it('keeps the keys of two callers apart', async () => {
    const mine = await createWith(pipelineOf({ a: [] }), 'shared', 'hash', 'me');
    const yours = await createWith(pipelineOf({ a: [] }), 'shared', 'other', 'you');
    expect(yours.kind).to.equal('created');
    expect(yours).not.to.eql(mine);
  });

  it('creates one run for two requests with the same key at the same time', async () => {
    const before = await countRuns();
    const both = await Promise.all([
      createWith(pipelineOf({ a: [] }), 'twins', 'hash'),
      createWith(pipelineOf({ a: [] }), 'twins', 'hash'),
    ]);
    expect(both.map(({ kind }) => kind)).to.have.members(['created', 'replayed']);
    expect((await countRuns()) - before).to.equal(1);
  });

  it('is refused as incomplete if the rows of a large run are gone', async () => {
    const request = {
      uid: '01990000-0000-7000-8000-000000000000',
      pool: 'fake',
      pools: '',
      info: '{}',
      jobCount: 500,
      idempotency: '',
      bodyHash: '',
      roots: Buffer.from([0, 0]),
      backlog: 0,
      flags: 0,
      priority: 0,
      maxParallel: 0,
      timeoutMs: undefined,
      successful: 0,
      skipped: 0,
      fieldCount: 1_000,
      inline: undefined,
    };
    expect(await open.store.transitions.create(request)).to.eql({ kind: 'incomplete' });
    expect(await open.store.runs.getRun(request.uid)).to.be.undefined;
  });

  it('creates a run once, though the call comes a second time much later', async () => {
    const [row, plan] = [Buffer.from([0, 1, 0, 0, 1, 97]), Buffer.from([0, 100, 0, 0, 0, 0, 0, 123, 125])];
    const request = {
      uid: '01990000-0000-7000-8000-000000000001',
      pool: 'fake',
      pools: '',
      info: '{}',
      jobCount: 1,
      idempotency: '',
      bodyHash: '',
      roots: Buffer.from([0, 0]),
      backlog: 0,
      flags: 0,
      priority: 0,
      maxParallel: 0,
      timeoutMs: undefined,
      successful: 0,
      skipped: 0,
      fieldCount: 2,
      inline: { source: Buffer.from('application/json\nr{}'), fields: ['0', row, 'p0', plan] },
    };
    const made = await open.store.transitions.create(request);
    const { sequence } = (await open.store.runs.getRun(request.uid))!;
    expect(await open.store.transitions.create(request)).to.eql(made);
    expect((await open.store.runs.getRun(request.uid))?.sequence).to.equal(sequence);
    expect(open.inbox.take(request.uid)).to.have.length(1);
  });

  it('keeps all rows of a large run from expiring', async () => {
    const uid = await open.create(fanOfJobs(1_200));
    for (const key of [keys.run(uid), keys.source(uid)]) {
      expect(await open.client.ttl(key), key).to.equal(-1);
    }
  });

  it('hands out at most 1,000 jobs of a run, and the rest as they are claimed', async () => {
    const roots = Array.from({ length: 2_500 }, (_, at) => [`job-${at}`, []] as const);
    const uid = await open.create(pipelineOf(Object.fromEntries(roots)));
    const by = { owner: 'owner', executor: 1, ttlMs: 60_000 };
    const seen = { claimed: 0, most: 0 };
    while (open.inbox.count(uid) > 0) {
      const ids = open.inbox.take(uid, 16);
      const claims = await Promise.all(ids.map((id) => open.store.transitions.claim(parseAttemptId(id), by)));
      seen.claimed += claims.filter((claim) => typeof claim === 'object').length;
      seen.most = Math.max(seen.most, open.inbox.count(uid));
    }
    expect(seen.claimed).to.equal(2_500);
    expect(seen.most).to.be.within(900, 1_000);
    expect(Math.max(...open.inbox.bundles.map(({ ids }) => ids.length))).to.equal(32);
  });
});

import { expect } from 'chai';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { keys } from '../../../src/store/redis/keys.js';

describe('reading runs', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  it('lists them newest first, page by page', async () => {
    const uids: string[] = [];
    for (let count = 0; count < 7; count += 1) uids.unshift(await open.create(pipelineOf({ a: [] })));
    const pages: string[][] = [];
    for (let before: number | undefined; ;) {
      const { runs, next } = await open.store.runs.listRuns({ limit: 3, ...(before === undefined ? {} : { before }) });
      pages.push(runs.map(({ uid }) => uid));
      if (next === undefined) break;
      before = next;
      if (pages.length === 1) await open.create(pipelineOf({ a: [] })); // A newer run does not shift the pages.
    }
    expect(pages).to.eql([uids.slice(0, 3), uids.slice(3, 6), uids.slice(6)]);
  });

  it('says that there is no further page when the last one is full', async () => {
    const fresh = await openStore();
    await fresh.create(pipelineOf({ a: [] }));
    expect(await fresh.store.runs.listRuns({ limit: 1 })).not.to.have.property('next');
    await fresh.close();
  });

  it('gives name, labels and counts of a run', async () => {
    const pipeline = { ...pipelineOf({ a: [], b: ['a'] }), metadata: { name: 'nightly', labels: { team: 'core' } } };
    const run = await open.store.runs.getRun(await open.create(pipeline));
    expect(run).to.deep.include({
      name: 'nightly',
      labels: { team: 'core' },
      status: 'PENDING',
      jobCount: 2,
      pool: 'fake',
    });
    expect(run?.jobCounts).to.eql({ PENDING: 2, RUNNING: 0, SUCCESSFUL: 0, FAILED: 0, SKIPPED: 0, CANCELED: 0 });
    expect(run).not.to.have.any.keys('startedAt', 'endedAt');
  });

  it('lists jobs in the order of the pipeline, from any index', async () => {
    const pipeline = fanOfJobs(1_200);
    const uid = await open.create(pipeline);
    const names = async (from: number, limit: number) =>
      (await open.store.runs.listJobs(uid, { from, limit })).map(({ name }) => name);
    const all = pipeline.jobs.map(({ name }) => name);
    expect(await names(0, 5_000)).to.eql(all);
    expect(await names(498, 505)).to.eql(all.slice(498, 1_003));
    expect(await names(1_201, 10)).to.eql(['last']);
    expect(await names(1_202, 10)).to.eql([]);
    expect((await open.store.runs.listJobs(uid, { from: 700, limit: 1 }))[0]).to.include({ index: 700 });
  });

  it('finds a job by its name, and none that does not exist', async () => {
    const uid = await open.create(pipelineOf({ a: [], 'to-string': ['a'] }));
    expect(await open.store.runs.findJob(uid, 'to-string')).to.include({ index: 1, name: 'to-string', attempt: 0 });
    for (const name of ['b', 'toString', '__proto__', ''])
      expect(await open.store.runs.findJob(uid, name)).to.be.undefined;
    expect(await open.store.runs.findJob('01990000-0000-7000-8000-00000000dead', 'a')).to.be.undefined;
  });

  it('returns the pipeline as it was sent, short or long', async () => {
    for (const text of ['kind: Pipeline # ☃', JSON.stringify({ text: 'é'.repeat(10_000) })]) {
      const source = { contentType: 'application/yaml', text };
      const made = await open.store.runs.createRun({ pipeline: pipelineOf({ a: [] }), source, defaultPool: 'fake' });
      if (made.kind === 'conflict') expect.fail();
      expect(await open.store.runs.getSource(made.uid)).to.eql(source);
    }
  });

  it('shows nothing of a run that is still being stored', async () => {
    const uid = '01990000-0000-7000-8000-0000000000aa';
    await open.client.hset(keys.run(uid), '0', Buffer.from([0, 1, 0, 0, 1, 97]));
    await open.client.set(keys.source(uid), 'application/json\nr{}');
    expect(await open.store.runs.getRun(uid)).to.be.undefined;
    expect(await open.store.runs.getSource(uid)).to.be.undefined;
    expect(await open.store.runs.findJob(uid, 'a')).to.be.undefined;
    expect(await open.store.runs.listAttempts(uid, 0)).to.eql([]);
  });

  it('says which executor kinds have work', async () => {
    const fresh = await openStore();
    expect(await fresh.store.pools.listLive()).to.eql([]);
    await fresh.create(pipelineOf({ a: [] }));
    expect(await fresh.store.pools.listLive()).to.eql(['fake']);
    await fresh.close();
  });
});

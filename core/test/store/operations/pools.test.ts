import { expect } from 'chai';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { driveRun } from '@chainr/testkit/drive-run';
import type { Pipeline } from '../../../src/pipeline/pipeline.js';
import type { RunUid } from '../../../src/engine/records.js';
import { keys } from '../../../src/store/redis/keys.js';

const completed = { reason: 'Completed', exitCode: 0 } as const;

describe('the pools of a run', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const marksIn = async (pool: string): Promise<string[]> =>
    (await open.client.zrange(keys.marks(pool), 0, '-1')).map((id) => id.slice(id.indexOf('.') + 1));
  /** The pool to which each id was handed out so far. Ids are without their run. */
  const handedOut = (): Record<string, string> =>
    Object.fromEntries(
      open.inbox.bundles.flatMap(({ pool, ids }) => ids.map((id) => [id.slice(id.indexOf('.') + 1), pool])),
    );
  const end = (run: RunUid, index: number) =>
    claimJob(open.store, run, index).then((lease) =>
      open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 1_000, fuse: { ttlMs: 60_000, atMost: 9 } }),
    );

  const shapes: { name: string; pipeline: Pipeline; pools: Record<string, string> }[] = [
    { name: 'jobs without any', pipeline: pipelineOf({ a: [], b: [] }), pools: { '0.1': 'fake', '1.1': 'fake' } },
    {
      name: 'a pipeline with one',
      pipeline: pipelineOf({ a: [], b: { pool: 'gpu' } }, { pool: 'big' }),
      pools: { '0.1': 'big', '1.1': 'gpu' },
    },
    {
      name: 'a job with the default one by name',
      pipeline: pipelineOf({ a: { pool: 'fake' }, b: { pool: 'gpu' }, c: [] }),
      pools: { '0.1': 'fake', '1.1': 'gpu', '2.1': 'fake' },
    },
    {
      name: 'jobs that differ in priority too',
      pipeline: pipelineOf({ a: { pool: 'gpu', priority: 5 }, b: { priority: 5 }, c: { pool: 'gpu' } }),
      pools: { '0.1': 'gpu', '1.1': 'fake', '2.1': 'gpu' },
    },
  ];
  for (const { name, pipeline, pools } of shapes)
    it(`decide where its jobs are handed out: ${name}`, async () => {
      await open.create(pipeline);
      expect(handedOut()).to.deep.equal(pools);
      for (const pool of new Set(Object.values(pools)))
        expect(await marksIn(pool), pool).to.have.members(Object.keys(pools).filter((id) => pools[id] === pool));
    });

  it('decide for every job of a large run, and no message has jobs of two pools', async () => {
    const names = Array.from({ length: 1_500 }, (_, at) => at);
    const poolOf = (index: number) => ['fake', 'one', 'two'][index % 3] ?? '';
    const jobs = names.map((at) => [`j${String(at)}`, at % 3 === 0 ? [] : { pool: poolOf(at) }] as const);
    const run = await open.create(pipelineOf(Object.fromEntries(jobs)));
    const claims = await driveRun(open, run);
    expect(claims.size).to.equal(1_500);
    for (const { pool, ids } of open.inbox.bundles)
      for (const id of ids) expect(poolOf(Number(id.split('.')[1])), id).to.equal(pool);
    expect((await open.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
  });

  it('keep an end from claiming a dependent of another pool, which is handed out in its own', async () => {
    const run = await open.create(
      pipelineOf({ a: [], here: ['a'], there: { dependsOn: ['a'], pool: 'gpu' }, also: ['a'] }),
    );
    const reply = await end(run, 0);
    if (reply.kind === 'stale') expect.fail('stale');
    expect(reply.fused.map(({ job }) => job)).to.deep.equal(['here', 'also']);
    expect(handedOut()).to.deep.equal({ '0.1': 'fake', '2.1': 'gpu' });
    expect(await marksIn('gpu')).to.deep.equal(['2.1']);
    const back = await end(run, 2);
    expect(back).to.deep.include({ kind: 'ok', fused: [] });
  });

  it('refuse a claim from another pool, which changes nothing', async () => {
    const run = await open.create(pipelineOf({ a: { pool: 'gpu' }, b: [] }));
    const executor = await open.store.executors.register(testExecutor, 'fake');
    const claim = (index: number, pool: string) =>
      open.store.transitions.claim({ run, index, attempt: 1 }, { owner: 'w', executor, ttlMs: 60_000, pool });
    expect(await claim(0, 'fake')).to.equal('pool');
    expect(await claim(1, 'gpu')).to.equal('pool');
    expect(await open.store.runs.findJob(run, 'a')).to.include({ status: 'PENDING', attempt: 0 });
    expect(await claim(0, 'gpu')).to.be.an('object');
    expect(await claim(1, 'fake')).to.be.an('object');
  });

  it('stay the same when jobs are given back, redelivered or retried', async () => {
    const run = await open.create(pipelineOf({ a: { pool: 'gpu' } }));
    const again = { removalGraceMs: 1_000 };
    const lease = await claimJob(open.store, run, 0);
    expect(await open.store.transitions.requeue(lease, 'Interrupted', '', again)).to.equal('ok');
    expect(await open.store.transitions.redeliver('gpu', [`${run}.0.2`])).to.equal(1);
    expect(await open.store.transitions.redeliver('fake', [`${run}.0.2`]), 'in the name of another pool').to.equal(1);
    const second = await claimJob(open.store, run, 0, { attempt: 2 });
    expect(await open.store.transitions.retry(second, { reason: 'Lost' }, {}, again)).to.equal('ok');
    await open.client.set(keys.clock, '3600000');
    await open.store.transitions.expire();
    expect(open.inbox.bundles.map(({ pool, ids }) => [pool, ids[0]?.split('.')[2]])).to.deep.equal([
      ['gpu', '1'],
      ['gpu', '2'],
      ['gpu', '2'],
      ['gpu', '2'],
      ['gpu', '3'],
    ]);
    expect(await marksIn('fake')).to.deep.equal([]);
  });

  it('are those of the pipeline in a rerun, or else the default at that time', async () => {
    const again = async (pipeline: Pipeline) => {
      const compiled = await open.store.runs.getCompiled(await open.create(pipeline));
      if (!compiled) throw new Error('the run is gone');
      open.inbox.bundles.length = 0;
      await open.store.runs.createRun({ ...compiled, defaultPool: 'later' });
      return handedOut();
    };
    const jobs = { a: [], b: { pool: 'gpu' } };
    expect(await again(pipelineOf(jobs))).to.deep.equal({ '0.1': 'later', '1.1': 'gpu' });
    expect(await again(pipelineOf(jobs, { pool: 'big' }))).to.deep.equal({ '0.1': 'big', '1.1': 'gpu' });
    expect(await again(pipelineOf({ a: [] }))).to.deep.equal({ '0.1': 'later' });
  });

  it('have no mark left after a cancel', async () => {
    const run = await open.create(pipelineOf({ a: { pool: 'gpu' }, b: [], c: { pool: 'big' } }));
    await open.store.transitions.cancel(run);
    for (const pool of ['gpu', 'fake', 'big']) expect(await marksIn(pool), pool).to.deep.equal([]);
    expect((await open.store.runs.getRun(run))?.status).to.equal('CANCELED');
  });

  describe('are known', () => {
    const pools = () => open.store.pools;
    const small = pipelineOf({ a: { pool: 'gpu' }, b: { pool: 'gpu' } });

    it('while an unfinished run has jobs there, and no others', async () => {
      expect(await pools().list()).to.deep.equal([]);
      const run = await open.create(pipelineOf({ a: { pool: 'gpu' }, b: [] }, { pool: 'big' }));
      expect(await pools().listLive()).to.deep.equal(['big', 'gpu']);
      await driveRun(open, run);
      expect(await pools().listLive()).to.deep.equal([]);
      expect(await pools().list()).to.deep.equal(['big', 'gpu']);
      await open.create(small);
      expect(await pools().listLive(), 'no job is in the default pool').to.deep.equal(['gpu']);
    });

    it('until they are dropped, which is refused while they are in use', async () => {
      const run = await open.create(small);
      await pools().announceCapacity('gpu', 8);
      expect(await pools().drop('gpu')).to.equal(false);
      await driveRun(open, run);
      await open.client.zadd(keys.marks('gpu'), 1, `${run}.0.1`);
      expect(await pools().drop('gpu'), 'a mark is there').to.equal(false);
      expect(await pools().list()).to.deep.equal(['gpu']);
      await open.store.transitions.redeliver('gpu', [`${run}.0.1`]);
      expect(await pools().drop('gpu')).to.equal(true);
      expect(await pools().list()).to.deep.equal([]);
      expect(await open.client.exists(keys.bundles, keys.liveIn('gpu'), keys.marks('gpu'))).to.equal(0);
      await open.create(small);
      expect(await pools().list(), 'named anew').to.deep.equal(['gpu']);
    });

    it('to lists, which show a run with several pools once', async () => {
      const run = await open.create(pipelineOf({ a: { pool: 'gpu' }, b: { pool: 'big' }, c: [] }));
      const page = await open.store.runs.listRuns({ limit: 10, filter: { statuses: ['PENDING'] } });
      expect(page.runs.map(({ uid }) => uid)).to.deep.equal([run]);
      expect(await open.store.runs.countRuns()).to.include({ PENDING: 1, RUNNING: 0 });
    });
  });
});

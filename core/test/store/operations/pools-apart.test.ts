import { expect } from 'chai';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { pipelineOf, type JobShape } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { countCommands } from '@chainr/testkit/count-commands';
import { driveRun } from '@chainr/testkit/drive-run';
import { completed } from '@chainr/testkit/outcomes';
import type { RunUid } from '../../../src/engine/records.js';
import { keys, parseAttemptId } from '../../../src/store/redis/keys.js';

const many = (count: number, name: string, shape: JobShape): Record<string, JobShape> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${name}-${String(at)}`, shape]));
const gone = { pool: 'gone' };

/** Workers serve only the pool `fake`, which is that of jobs that name none. */
describe('a pool without workers (see Pools)', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  /** What has been handed out, by pool. */
  const waiting: Record<string, string[]> = {};
  beforeEach(() => Object.keys(waiting).forEach((pool) => delete waiting[pool]));

  function collect(): void {
    for (const { pool, ids } of open.inbox.bundles.splice(0)) (waiting[pool] ??= []).push(...ids);
  }
  const indexesIn = (pool: string): number[] => {
    collect();
    return (waiting[pool] ?? []).map((id) => parseAttemptId(id).index);
  };

  /** Claims and ends everything in a pool, one attempt after the other. @returns the order in which the jobs began. */
  async function serve(pool: string): Promise<number[]> {
    const executor = await open.store.executors.register(testExecutor, pool);
    const order: number[] = [];
    for (;;) {
      collect();
      const id = waiting[pool]?.shift();
      if (id === undefined) return order;
      const by = { owner: 'w', executor, ttlMs: 60_000 };
      const claimed = await open.store.transitions.claim(parseAttemptId(id), by);
      if (typeof claimed === 'string') continue;
      for (let held = [claimed]; held.length > 0;) {
        const { lease } = held.shift()!;
        order.push(lease.index);
        const fuse = { ttlMs: 60_000, atMost: 4 };
        const ended = await open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 0, fuse });
        if (ended.kind === 'ok') held.push(...ended.fused);
      }
    }
  }

  async function mustEnd(run: RunUid): Promise<void> {
    while ((await serve('gone')).length + (await serve('fake')).length > 0);
    expect((await open.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
    const left = await Promise.all(['slots', 'backlog', 'todo'].map((name) => open.client.keys(`*:${name}:*`)));
    expect(left.flat()).to.eql([]);
    expect(await open.store.runs.deleteRun(run)).to.eql({ kind: 'deleted' });
    expect(await open.client.keys(`*${run}*`)).to.eql([]);
  }

  const jobsOf = (run: RunUid) => open.store.runs.listJobs(run, { from: 0, limit: 10_000 });
  const statusCounts = async (run: RunUid) => (await open.store.runs.getRun(run))?.jobCounts;

  it('takes no slot from jobs of other pools, and its own run once it has workers', async () => {
    const run = await open.create(pipelineOf({ first: gone, second: [], third: gone, fourth: [] }, { maxParallel: 1 }));
    expect([indexesIn('gone'), indexesIn('fake')]).to.eql([[0], [1]]);
    expect((await jobsOf(run)).map(({ reason }) => reason)).to.eql(['Queued', 'Queued', 'WaitingForSlot', 'WaitingForSlot']); // prettier-ignore
    expect(await serve('fake')).to.eql([1, 3]);
    expect(await serve('gone')).to.eql([0, 2]);
    await mustEnd(run);
  });

  for (const [what, dependsOn] of [
    ['from the beginning', []],
    ['once another job has ended', ['gate']],
  ] as const)
    it(`keeps no jobs of other pools out of the queue, with thousands of its own ready ${what}`, async () => {
      const dead = many(2_500, 'dead', { ...gone, dependsOn });
      const run = await open.create(pipelineOf({ gate: [], ...dead, ...many(40, 'live', dependsOn) }));
      const served: number[] = [];
      for (let more = await serve('fake'); more.length > 0; more = await serve('fake')) {
        served.push(...more);
        // As workers and the sweep `resume-chunks` do it.
        for (const uid of await open.store.runsToSweep.listUnresolved({ before: Infinity, limit: 10 }))
          await open.store.transitions.resume(uid);
      }
      expect(served).to.have.length(41);
      expect(await statusCounts(run)).to.include({ SUCCESSFUL: 41, PENDING: 2_500 });
      expect(indexesIn('gone').length, 'ids of the run in the queue').to.be.within(1, 1_000);
      await mustEnd(run);
    });

  it('costs no command for each of the dependents that one end makes ready', async () => {
    const ended = async (count: number): Promise<number> => {
      const half = (name: string, pool: string) => many(count / 2, name, { pool, dependsOn: ['gate'] });
      const run = await open.create(pipelineOf({ gate: [], ...half('dead', 'gone'), ...half('live', 'fake') }));
      const lease = await claimJob(open.store, run, 0);
      const before = await countCommands(open.client, 'hget', 'hmget');
      await open.store.transitions.finish(lease, completed, {});
      const commands = (await countCommands(open.client, 'hget', 'hmget')) - before;
      expect((await jobsOf(run)).filter(({ reason }) => reason === 'Queued')).to.have.length(count);
      return commands;
    };
    const few = await ended(4);
    expect(await ended(80)).to.equal(few);
  });

  it('takes no slot from jobs of other pools if its workers died after jobs were handed out', async () => {
    const run = await open.create(pipelineOf({ ...many(3, 'dead', gone), ...many(5, 'live', []) }, { maxParallel: 2 }));
    const lease = await claimJob(open.store, run, 0);
    expect(indexesIn('gone'), 'handed out when they died').to.eql([0, 1]);
    await open.store.transitions.retry(lease, { reason: 'Lost' }, {}, { removalGraceMs: 0 });
    expect(await serve('fake')).to.eql([3, 4, 5, 6, 7]);
    expect(indexesIn('gone')).to.eql([0, 1, 2]);
    await open.client.set(keys.clock, '3600000');
    await open.store.transitions.expire();
    await mustEnd(run);
  });

  it('holds back no jobs of a lower priority in other pools', async () => {
    const jobs = { high: { ...gone, priority: 9 }, low: { priority: -9 }, more: { ...gone, priority: 9 } };
    for (const maxParallel of [undefined, 1]) {
      const run = await open.create(pipelineOf({ ...jobs, last: ['low'], top: { priority: 5 } }, { maxParallel }));
      expect((await serve('fake'))[0], 'the highest of the pool').to.equal(4);
      expect(await statusCounts(run)).to.include({ SUCCESSFUL: 3, PENDING: 2 });
      await mustEnd(run);
    }
  });

  it('does not keep its jobs from being canceled', async () => {
    const run = await open.create(pipelineOf({ ...many(1_200, 'dead', gone), ...many(300, 'live', []) }, { maxParallel: 3 })); // prettier-ignore
    expect(await open.client.exists(keys.backlog(run, 'gone'), keys.backlog(run, 'fake'))).to.equal(2);
    await open.store.transitions.cancel(run);
    await open.store.transitions.resume(run);
    expect(await statusCounts(run)).to.include({ CANCELED: 1_500 });
    expect(await open.client.keys('*:backlog:*')).to.eql([]);
    expect(await open.client.exists(keys.marks('gone'), keys.marks('fake'))).to.equal(0);
  });
});

describe('slots of a run in several pools (see Slots)', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const reasonOf = async (run: RunUid, job: string) => (await open.store.runs.findJob(run, job))?.reason;
  const claim = async (run: RunUid, index: number) => {
    const executor = await open.store.executors.register(testExecutor, 'fake');
    return open.store.transitions.claim({ run, index, attempt: 1 }, { owner: 'w', executor, ttlMs: 60_000 });
  };
  const handedOut = (run: RunUid) => open.inbox.take(run).map((id) => parseAttemptId(id).index);

  it('go to the jobs that are claimed first; the others wait again, in their old places', async () => {
    const run = await open.create(pipelineOf({ a: [], b: { pool: 'gpu' }, c: { pool: 'gpu' }, d: [] }, { maxParallel: 1 })); // prettier-ignore
    expect(handedOut(run)).to.eql([0, 1]);
    const lease = await claimJob(open.store, run, 0);
    expect(await claim(run, 1)).to.equal('parked');
    expect(await reasonOf(run, 'b')).to.equal('WaitingForSlot');
    expect(await open.client.exists(keys.marks('gpu'))).to.equal(0);
    await open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 0 });
    expect(handedOut(run), 'the next of each pool').to.have.members([1, 3]);
    expect(await reasonOf(run, 'b')).to.equal('Queued');
  });

  it('do not pass to a dependent while a job of another pool waits for one', async () => {
    const chain = { a: [], 'a-2': ['a'], 'a-3': ['a-2'] };
    const run = await open.create(pipelineOf({ ...chain, b: { pool: 'gpu' }, c: [] }, { maxParallel: 1 }));
    const fuse = { ttlMs: 60_000, atMost: 1 };
    const lease = await claimJob(open.store, run, 0);
    expect(await claim(run, 3)).to.equal('parked');
    handedOut(run);
    const ended = await open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 0, fuse });
    expect(ended.kind === 'ok' && ended.fused).to.eql([]);
    expect(handedOut(run)).to.have.members([3, 4]);
  });

  it('pass to a dependent while no job of another pool waits for one', async () => {
    const run = await open.create(pipelineOf({ a: [], 'a-2': ['a'], b: { pool: 'gpu' } }, { maxParallel: 1 }));
    const fuse = { ttlMs: 60_000, atMost: 1 };
    const ended = await open.store.transitions.finish(await claimJob(open.store, run, 0), completed, {}, { fuse });
    expect(ended.kind === 'ok' && ended.fused.map(({ job }) => job)).to.eql(['a-2']);
    expect(await claim(run, 2)).to.equal('parked');
  });

  it('are never exceeded', async () => {
    const jobs = Object.fromEntries(Array.from({ length: 900 }, (_, at) => [`j${String(at)}`, { pool: `p${String(at % 5)}`, ...(at > 99 && { dependsOn: [`j${String(at - 100)}`] }) }])); // prettier-ignore
    const run = await open.create(pipelineOf(jobs, { maxParallel: 7 }));
    const claims = await driveRun(open, run);
    const { events } = await open.store.events.readEvents('0-0', 10_000);
    const running = new Set<string>();
    let most = 0;
    for (const event of events.filter(({ kind }) => kind === 'job.status')) {
      if ('job' in event && event.status === 'RUNNING') running.add(event.job);
      else if ('job' in event) running.delete(event.job);
      most = Math.max(most, running.size);
    }
    expect(most).to.equal(7);
    expect(claims.size).to.equal(900);
    expect((await open.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
  });
});

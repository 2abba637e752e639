import { expect } from 'chai';
import { pipelineOf, type JobShape } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { driveRun } from '@chainr/testkit/drive-run';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { statusesOfJobs } from '@chainr/testkit/statuses';
import { formatLease, keys, type Lease } from '../../../src/store/redis/keys.js';

const hourMs = 3_600_000;

describe("a run's timeout", () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const create = (jobs: Record<string, JobShape>, timeoutMs = hourMs) =>
    open.create({ ...pipelineOf(jobs), timeoutMs });
  const claim = (run: string, index: number) => claimJob(open.store, run, index, { ttlMs: 10 * hourMs });
  const finish = (lease: Lease) => open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 0 });
  const expire = async () => (await open.store.transitions.expire()).due;
  const later = (ms: number) => setClock(open.redis.url, ms);
  const statuses = (run: string) => statusesOfJobs(open.store, run);
  const statusOf = async (run: string) => (await open.store.runs.getRun(run))?.status;

  it('counts from its creation, to the millisecond', async () => {
    const run = await create({ a: [] });
    const { createdAt } = (await open.store.runs.getRun(run))!;
    expect(await open.client.zscore(keys.deadlines, `${run}.0.0.r`)).to.equal(String(createdAt + hourMs));
    await later(hourMs - 60_000);
    expect(await expire()).to.equal(0);
    expect(await statusOf(run)).to.equal('PENDING');
  });

  it('ends jobs that do not run, and a run in which no job runs', async () => {
    const run = await create({ a: [], b: ['a'] });
    await later(hourMs);
    expect(await expire()).to.equal(1);
    expect(await statuses(run)).to.eql({ a: 'CANCELED RunTimedOut', b: 'CANCELED RunTimedOut' });
    expect(await statusOf(run)).to.equal('CANCELED');
    expect(await open.client.zcard(keys.deadlines)).to.equal(0);
    expect(await open.client.zcard(keys.marks('fake'))).to.equal(0);
  });

  it('stops running jobs, which end RunTimedOut whatever their exit code', async () => {
    const run = await create({ done: [], runs: [], waits: ['runs'] });
    await finish(await claim(run, 0));
    const lease = await claim(run, 1);
    await later(hourMs);
    await expire();
    expect(await statuses(run)).to.eql({
      done: 'SUCCESSFUL Completed',
      runs: 'RUNNING Canceling',
      waits: 'CANCELED RunTimedOut',
    });
    expect((await open.store.runs.findJob(run, 'runs'))?.message).to.equal(
      'The timeout of its run has passed; it is being stopped.',
    );
    const executor = await open.store.executors.register(testExecutor, 'fake');
    const { stops } = await open.store.leases.renew(executor, [formatLease(lease)], 60_000);
    expect(stops).to.eql([{ lease: formatLease(lease), reason: 'RunTimedOut' }]);
    await finish(lease);
    expect((await open.store.runs.listAttempts(run, 1))[0]).to.include({ reason: 'RunTimedOut', exitCode: 0 });
    expect(await statusOf(run)).to.equal('CANCELED');
  });

  it('passes while jobs wait for a slot or back off, and ends those too', async () => {
    const run = await open.create({ ...pipelineOf({ a: [], b: [] }), timeoutMs: hourMs, maxParallel: 1 });
    await open.store.transitions.retry(await claim(run, 0), { reason: 'Lost' }, {}, { removalGraceMs: 0 });
    await later(hourMs);
    await expire();
    expect(await statusOf(run)).to.equal('CANCELED');
    expect(await open.client.zcard(keys.deadlines)).to.equal(0);
    expect(await open.client.exists(keys.backlog(run))).to.equal(0);
  });

  it('is dropped if the run ends before', async () => {
    const run = await create({ a: [] });
    await driveRun(open, run);
    expect(await open.client.zcard(keys.deadlines)).to.equal(0);
    await later(2 * hourMs);
    await open.client.zadd(keys.deadlines, 1, `${run}.0.0.r`);
    await expire();
    expect(await statusOf(run), 'even if it is still there').to.equal('SUCCESSFUL');
  });

  it('does nothing after an earlier cancel (see Causes)', async () => {
    const run = await create({ a: [] });
    const lease = await claim(run, 0);
    await open.store.transitions.cancel(run);
    await later(hourMs);
    expect(await expire()).to.equal(1);
    await finish(lease);
    expect(await statuses(run)).to.eql({ a: 'CANCELED CanceledByUser' });
  });

  it('makes a later cancel change nothing', async () => {
    const run = await create({ a: [] });
    const lease = await claim(run, 0);
    await later(hourMs);
    await expire();
    expect(await open.store.transitions.cancel(run)).to.equal('unchanged');
    await finish(lease);
    expect(await statuses(run)).to.eql({ a: 'CANCELED RunTimedOut' });
  });

  it('keeps a job FAILED that its own timeout has stopped before', async () => {
    const run = await create({ a: [] });
    const lease = await claim(run, 0);
    await open.store.transitions.report(lease, 'Executing', '', { startedMs: 0 }, { timeoutMs: 10_000 });
    await later(20_000);
    expect(await expire()).to.equal(1);
    await later(hourMs);
    expect(await expire()).to.equal(1);
    await finish(lease);
    expect(await statuses(run)).to.eql({ a: 'FAILED TimedOut' });
    expect(await statusOf(run)).to.equal('CANCELED');
  });

  it('starts no job when it passes together with a backoff', async () => {
    const run = await create({ a: [] }, 1_000);
    await open.store.transitions.retry(await claim(run, 0), { reason: 'Lost' }, {}, { removalGraceMs: 0 });
    await later(hourMs);
    expect(await expire()).to.equal(2);
    expect(await statuses(run)).to.eql({ a: 'CANCELED RunTimedOut' });
    expect(await open.client.zcard(keys.marks('fake'))).to.equal(0);
  });

  it('ends a large run in chunks, one after the other', async () => {
    const jobs = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`job-${String(at)}`, []]));
    const run = await create(jobs);
    const lease = await claim(run, 0);
    await later(hourMs);
    await expire();
    expect((await open.store.runs.getRun(run))?.jobCounts).to.include({ CANCELED: 2_999, RUNNING: 1 });
    expect(await open.client.zcard(keys.chunks)).to.equal(0);
    await finish(lease);
    expect(await statusOf(run)).to.equal('CANCELED');
  });
});

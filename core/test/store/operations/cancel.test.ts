import { expect } from 'chai';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { measureCalls, readCostlyCalls } from '@chainr/testkit/call-cpu';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { driveRun } from '@chainr/testkit/drive-run';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { statusesOfJobs } from '@chainr/testkit/statuses';
import { reasons } from '../../../src/engine/reasons.js';
import { formatAttemptId, formatLease, keys } from '../../../src/store/redis/keys.js';
import { unpackState } from '../../../src/store/script/layout.js';

describe('a cancel', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const cancel = (run: string) => open.store.transitions.cancel(run);
  const statuses = (run: string) => statusesOfJobs(open.store, run);
  const statusOf = async (run: string) => (await open.store.runs.getRun(run))?.status;
  const finish = (lease: Awaited<ReturnType<typeof claimJob>>) =>
    open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 0 });

  it('ends jobs that do not run at once, and a run in which no job runs', async () => {
    const run = await open.create(pipelineOf({ a: [], b: ['a'] }));
    expect(await cancel(run)).to.equal('ok');
    expect(await statuses(run)).to.eql({ a: 'CANCELED CanceledByUser', b: 'CANCELED CanceledByUser' });
    expect(await open.store.runs.getRun(run)).to.include({ status: 'CANCELED' });
    expect(await open.client.zcard(keys.marks('fake'))).to.equal(0);
    expect(await open.client.zcard(keys.live)).to.equal(0);
  });

  it('leaves running jobs to their workers, who learn of it with each renewal, and ended jobs as they are', async () => {
    const run = await open.create(pipelineOf({ done: [], runs: [], waits: ['runs'] }));
    await finish(await claimJob(open.store, run, 0));
    const lease = await claimJob(open.store, run, 1);
    expect(await cancel(run)).to.equal('ok');
    expect(await statuses(run)).to.eql({
      done: 'SUCCESSFUL Completed',
      runs: 'RUNNING Canceling',
      waits: 'CANCELED CanceledByUser',
    });
    expect(await statusOf(run)).to.equal('RUNNING');
    const executor = await open.store.executors.register(testExecutor, 'fake');
    const renewal = await open.store.leases.renew(executor, [formatLease(lease)], 60_000);
    expect(renewal).to.eql({ lost: [], stops: [{ lease: formatLease(lease), reason: 'CanceledByUser' }] });
    const told = await open.client.hget(keys.stops(executor), formatAttemptId(lease));
    expect(told, 'with the time of that').to.match(new RegExp(`^${String(reasons.indexOf('CanceledByUser'))}\\.\\d+$`));
    await open.store.leases.renew(executor, [formatLease(lease)], 60_000);
    expect(await open.client.hget(keys.stops(executor), formatAttemptId(lease)), 'told again').to.equal(told);
    await finish(lease);
    expect((await statuses(run))['runs']).to.equal('CANCELED CanceledByUser');
    expect(await statusOf(run)).to.equal('CANCELED');
    expect(await open.client.hlen(keys.stops(executor))).to.equal(0);
  });

  it('is passed on by an adoption', async () => {
    const run = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, run, 0);
    await cancel(run);
    const executor = await open.store.executors.register(testExecutor, 'fake');
    const adopted = await open.store.transitions.adopt(lease, { owner: 'heir', executor, ttlMs: 60_000, ownerGone: true }); // prettier-ignore
    if (typeof adopted === 'string') expect.fail(adopted);
    expect(adopted).to.include({ stop: 'CanceledByUser', ended: false, begun: false });
    await finish(adopted.lease);
    expect(await statusOf(run)).to.equal('CANCELED');
  });

  it('is published to the workers of the executor once', async () => {
    const run = await open.create(pipelineOf({ a: [] }));
    await claimJob(open.store, run, 0);
    const executor = await open.store.executors.register(testExecutor, 'fake');
    const listener = open.client.duplicate();
    await listener.subscribe(keys.stops(executor));
    const words: string[] = [];
    const came = new Promise((resolve) =>
      listener.on('message', (channel: string) => {
        words.push(channel);
        resolve(channel);
      }),
    );
    await cancel(run);
    await cancel(run);
    await came;
    expect(words).to.eql([keys.stops(executor)]);
    listener.disconnect();
  });

  it('has one event per job, in the order of the pipeline, then one of the run', async () => {
    const run = await open.create(pipelineOf({ runs: [], a: [], b: ['a'] }));
    const lease = await claimJob(open.store, run, 0);
    const cursor = await open.store.events.lastCursor();
    await cancel(run);
    await finish(lease);
    const { events } = await open.store.events.readEvents(cursor, 10);
    const told = events.map(
      (event) =>
      event.kind === 'job.status' || event.kind === 'job.reason' ? `${event.kind} ${event.job} ${event.status} ${event.reason}` : event.kind === 'run.status' ? `${event.kind} ${event.status}` : event.kind, // prettier-ignore
    );
    expect(told).to.eql([
      'job.reason runs RUNNING Canceling',
      'job.status a CANCELED CanceledByUser',
      'job.status b CANCELED CanceledByUser',
      'job.status runs CANCELED CanceledByUser',
      'run.status CANCELED',
    ]);
  });

  it('takes back jobs that wait for a slot or back off', async () => {
    const retries = { limit: 1 };
    const run = await open.create({ ...pipelineOf({ fails: { retries }, a: [], b: [] }), maxParallel: 1 });
    const policy = { limit: 1, initialMs: 60_000, factor: 1, maxMs: 60_000 };
    const ended = await open.store.transitions.retry(await claimJob(open.store, run, 0), { reason: 'ExitCode', exitCode: 1 }, {}, { removalGraceMs: 0, retries: policy }); // prettier-ignore
    expect(ended).to.equal('ok');
    expect(await statuses(run)).to.eql({ fails: 'PENDING RetryBackoff', a: 'PENDING Queued', b: 'PENDING WaitingForSlot' }); // prettier-ignore
    await cancel(run);
    expect(await statusOf(run)).to.equal('CANCELED');
    for (const key of [keys.backlog(run), keys.slots(run), keys.deadlines])
      expect(await open.client.exists(key), key).to.equal(0);
  });

  it('changes nothing the second time, nor in a run that is final or has timed out', async () => {
    const twice = await open.create(pipelineOf({ a: [] }));
    await claimJob(open.store, twice, 0);
    expect(await cancel(twice)).to.equal('ok');
    const final = await open.create(pipelineOf({ a: [] }));
    await driveRun(open, final);
    const timedOut = await open.create({ ...pipelineOf({ a: [] }), timeoutMs: 1_000 });
    await claimJob(open.store, timedOut, 0);
    await open.client.zadd(keys.deadlines, 1, `${timedOut}.0.0.r`);
    await open.store.transitions.expire();
    const cursor = await open.store.events.lastCursor();
    for (const run of [twice, final, timedOut]) {
      const before = await open.client.hgetallBuffer(keys.run(run));
      expect(await cancel(run)).to.equal('unchanged');
      expect(await open.client.hgetallBuffer(keys.run(run))).to.eql(before);
    }
    expect(await open.store.events.lastCursor()).to.equal(cursor);
    expect(await statusOf(final)).to.equal('SUCCESSFUL');
  });

  it('is refused as gone for a run that does not exist', async () => {
    expect(await cancel('01990000-0000-7000-8000-00000000dead')).to.equal('gone');
  });

  it('is recorded once if two come at the same time', async () => {
    const run = await open.create(pipelineOf({ a: [] }));
    expect((await Promise.all([cancel(run), cancel(run)])).sort()).to.eql(['ok', 'unchanged']);
  });

  it('says when it was requested', async () => {
    const run = await open.create(pipelineOf({ a: [] }));
    const before = await open.store.now();
    await cancel(run);
    const { cancelRequestedAt, endedAt } = unpackState((await open.client.hgetBuffer(keys.run(run), 'state'))!);
    expect(cancelRequestedAt).to.be.within(before, await open.store.now());
    expect(endedAt).to.equal(cancelRequestedAt);
  });
});

describe('a cancel of a run of 10,000 jobs', function () {
  this.timeout(120_000);
  /** Bounded calls allows some 5 ms on a quiet machine. */
  const mostCpuMs = 20;
  let open: OpenStore;
  beforeEach(async () => {
    open = await openStore();
    await measureCalls(open.client);
  });
  afterEach(() => open.close());

  async function cancelQuickly(run: string): Promise<void> {
    expect(await open.store.transitions.cancel(run)).to.equal('ok');
    const costly = await readCostlyCalls(open.client);
    for (const { cpuMs, what } of costly.slice(0, 2)) console.log(`      ${cpuMs.toFixed(1)} ms of CPU ${what}`);
    expect(costly.filter(({ cpuMs }) => cpuMs > mostCpuMs)).to.eql([]);
  }

  it('ends all waiting jobs, in chunks, and the run last', async () => {
    const run = await open.create(fanOfJobs(9_998));
    await cancelQuickly(run);
    const { status, jobCounts } = (await open.store.runs.getRun(run))!;
    expect(status).to.equal('CANCELED');
    expect(jobCounts).to.include({ CANCELED: 10_000, PENDING: 0 });
    expect(await open.client.zcard(keys.chunks)).to.equal(0);
    expect(await open.client.exists(`{chainr}:todo:${run}`)).to.equal(0);
  });

  it('stops all running jobs, in chunks, and the run ends with the last of them', async () => {
    const jobs = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`job-${at}`, []]));
    const run = await open.create(pipelineOf(jobs));
    const leases = await Promise.all(
      open.inbox.take(run).map((id) => claimJob(open.store, run, Number(id.split('.')[1]), { ttlMs: 600_000 })),
    );
    expect(leases).to.have.length.above(200);
    await cancelQuickly(run);
    const executor = await open.store.executors.register(testExecutor, 'fake');
    expect(await open.client.hlen(keys.stops(executor))).to.equal(leases.length);
    expect((await open.store.runs.getRun(run))?.jobCounts).to.include({ RUNNING: leases.length, PENDING: 0 });
    const { transitions } = open.store;
    await Promise.all(leases.map((lease) => transitions.finish(lease, { reason: 'Signal', exitCode: 143 }, {}, { closeGraceMs: 0 }))); // prettier-ignore
    expect(await open.store.runs.getRun(run)).to.include({ status: 'CANCELED' });
    expect(await open.client.exists(keys.backlog(run))).to.equal(0);
  });
});

import { expect } from 'chai';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { askToEnd } from '@chainr/testkit/ask-to-end';
import { adoptionsWithoutProgress } from '../../src/model/retries.js';
import type { Lease } from '../../src/store/keys.js';

const { max, withinMs } = adoptionsWithoutProgress;

describe('a crash loop (rule R9)', () => {
  let open: OpenStore;
  let executor: number;
  before(async () => {
    open = await openStore();
    executor = await open.store.work.registerExecutor(testExecutor);
  });
  after(() => open.close());
  afterEach(() => setClock(open.redis.url, 0));

  const hold = async () => claimJob(open.store, await open.create(pipelineOf({ a: [] })), 0);
  async function adoptNow(lease: Lease) {
    const by = { owner: 'heir', executor, ttlMs: 6_000, ownerGone: true };
    const adopted = await open.store.transitions.adopt(lease, by);
    return typeof adopted === 'string' ? expect.fail(adopted) : adopted;
  }
  /** Its workers died so often, and it was adopted each time. */
  async function adoptOften(lease: Lease, times: number): Promise<Lease> {
    let last = lease;
    for (let time = 0; time < times; time += 1) {
      const adopted = await adoptNow(last);
      expect(adopted.ended, `adoption ${String(time + 1)}`).to.be.false;
      last = adopted.lease;
    }
    return last;
  }
  const holdOne = async () => {
    const jobs = { a: [], b: ['a'], c: [{ job: 'a', conditions: { failure: true } }] };
    return claimJob(open.store, await open.create(pipelineOf(jobs)), 0, { ttlMs: 6_000 });
  };

  it('ends what was adopted five times without progress, with the sixth', async () => {
    const lease = await adoptOften(await holdOne(), max);
    const adopted = await adoptNow(lease);
    expect(adopted).to.include({ ended: true, logEnded: false, stop: 'WorkerCrashed' });
    const jobs = await open.store.runs.listJobs(lease.run, { from: 0, limit: 3 });
    expect(jobs.map(({ status, reason }) => `${status} ${reason}`)).to.eql([
      'FAILED WorkerCrashed',
      'SKIPPED ConditionNotMet',
      'PENDING Queued',
    ]);
    expect(jobs[0]?.message).to.equal('Its workers crashed again and again without any progress.');
    expect(open.inbox.take(lease.run)).to.include(`${lease.run}.2.1`);
    const end = { length: 0, bytes: Buffer.alloc(0), position: '', end: true };
    expect(await open.store.transitions.appendLog(adopted.lease, end)).to.include({ kind: 'ok' });
    expect(await open.store.transitions.close(adopted.lease, 1_000)).to.equal('ok');
  });

  it('tells whoever adopts what is left of it to stop it', async () => {
    const { lease } = await adoptNow(await adoptOften(await holdOne(), max));
    expect(await adoptNow(lease)).to.include({ ended: true, stop: 'WorkerCrashed' });
  });

  it('ends the run where it was the last job', async () => {
    const { lease } = await adoptNow(await adoptOften(await hold(), max));
    expect(await open.store.runs.getRun(lease.run))
      .to.include({ status: 'FAILED' })
      .and.to.have.property('endedAt');
  });

  it('resolves all that waits for it, however much that is', async () => {
    const run = await open.create(fanOfJobs(1_500));
    await adoptNow(await adoptOften(await claimJob(open.store, run, 0, { ttlMs: 6_000 }), max));
    expect((await open.store.runs.getRun(run))?.jobCounts).to.include({ FAILED: 1, SKIPPED: 1_501 });
    expect((await open.store.runs.getRun(run))?.status).to.equal('FAILED');
  });

  it('starts anew with a line of the log', async () => {
    const lease = await adoptOften(await holdOne(), max);
    const entry = { length: 0, bytes: Buffer.from('abc\n'), position: '4', end: false };
    await open.store.transitions.appendLog(lease, entry);
    await adoptOften(lease, max);
  });

  it('starts anew with a phase', async () => {
    const lease = await adoptOften(await holdOne(), max);
    await open.store.transitions.report(lease, 'PullingImage', '', {});
    const pulled = await adoptOften(lease, max);
    await open.store.transitions.report(pulled, 'Executing', '', { startedMs: 1 });
    const started = await adoptOften(pulled, max);
    await open.store.transitions.report(started, 'Executing', '', { startedMs: 1 });
    expect(await adoptNow(started), 'the same phase again').to.include({ stop: 'WorkerCrashed' });
  });

  it('is not broken by whoever adopts saying that what runs is Starting', async () => {
    const lease = await holdOne();
    await open.store.transitions.report(lease, 'Executing', '', { startedMs: 1 });
    const adopted = await adoptOften(lease, max);
    expect(await open.store.transitions.report(adopted, 'Starting', '', {})).to.be.true;
    expect(await open.store.runs.findJob(lease.run, 'a')).to.include({ reason: 'Executing' });
    expect(await adoptNow(adopted)).to.include({ stop: 'WorkerCrashed' });
  });

  it('starts anew ten minutes after the first of the adoptions', async () => {
    const lease = await adoptOften(await holdOne(), max);
    await setClock(open.redis.url, withinMs - 5_000);
    await adoptNow(await adoptOften(await holdOne(), max));
    await setClock(open.redis.url, withinMs + 1);
    await adoptOften(lease, max);
  });

  it('is no matter for a later attempt of the job', async () => {
    const lease = await adoptOften(await holdOne(), max);
    await open.store.transitions.requeue(lease, 'Interrupted', '', { removalGraceMs: 1_000 });
    await adoptOften(await claimJob(open.store, lease.run, 0, { attempt: 2 }), max);
  });

  it('does not count what has ended and is to be closed', async () => {
    const lease = await adoptOften(await hold(), max);
    await open.store.transitions.finish(lease, { reason: 'Completed', exitCode: 0 }, {});
    expect(await adoptNow(lease))
      .to.include({ ended: true })
      .and.not.have.property('stop');
    expect((await open.store.runs.findJob(lease.run, 'a'))?.status).to.equal('SUCCESSFUL');
  });

  it('ends as canceled where that was asked for before, and is stopped all the same', async () => {
    const lease = await adoptOften(await hold(), max);
    await askToEnd(open, lease.run);
    expect(await adoptNow(lease)).to.include({ ended: true, stop: 'WorkerCrashed' });
    const canceled = { status: 'CANCELED', reason: 'CanceledByUser' };
    expect(await open.store.runs.findJob(lease.run, 'a')).to.include(canceled);
  });

  it('ends as timed out where that came before', async () => {
    const lease = await hold();
    await open.store.transitions.report(lease, 'Executing', '', { startedMs: 5 }, { timeoutMs: 1 });
    await open.store.transitions.expire();
    await adoptNow(await adoptOften(lease, max));
    expect(await open.store.runs.findJob(lease.run, 'a')).to.include({ status: 'FAILED', reason: 'TimedOut' });
  });
});

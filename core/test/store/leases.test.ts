import { expect } from 'chai';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { requestCancel } from '@chainr/testkit/request-cancel';
import { adoptionsWithoutProgress } from '../../src/model/retries.js';
import { formatAttemptId, formatLease, type Lease } from '../../src/store/keys.js';

describe('leases', () => {
  let open: OpenStore;
  let executor: number;
  before(async () => {
    open = await openStore();
    executor = await open.store.work.registerExecutor(testExecutor);
  });
  after(() => open.close());
  afterEach(() => setClock(open.redis.url, 0));

  /** A lease of 6 s on the only job of a new run. */
  const hold = async () => claimJob(open.store, await open.create(pipelineOf({ a: [] })), 0, { ttlMs: 6_000 });
  const adopt = (lease: Lease, { by = executor, ownerGone = false } = {}) =>
    open.store.transitions.adopt(lease, { owner: 'heir', executor: by, ttlMs: 6_000, ownerGone });
  const renew = (...leases: Lease[]) => open.store.work.renew(executor, leases.map(formatLease), 6_000);

  describe('renewal', () => {
    it('keeps a lease from expiring', async () => {
      const lease = await hold();
      await setClock(open.redis.url, 5_000);
      expect(await renew(lease)).to.eql({ lost: [], stops: [] });
      await setClock(open.redis.url, 10_000);
      expect(await adopt(lease)).to.equal('held');
    });

    it('brings back an expired lease that nobody took', async () => {
      const lease = await hold();
      await setClock(open.redis.url, 60_000);
      expect(await renew(lease)).to.eql({ lost: [], stops: [] });
      expect(await adopt(lease)).to.equal('held');
    });

    it('names the leases that are lost, and those only', async () => {
      const [kept, taken] = [await hold(), await hold()];
      await adopt(taken, { ownerGone: true });
      const unknown = { ...kept, epoch: 77 };
      expect((await renew(taken, kept, unknown)).lost).to.have.members([formatLease(taken), formatLease(unknown)]);
    });

    it('of none asks for nothing', async () => {
      expect(await renew()).to.eql({ lost: [], stops: [] });
    });
  });

  describe('adoption', () => {
    it('is refused while the owner holds the lease', async () => {
      expect(await adopt(await hold())).to.equal('held');
    });

    it('takes an expired lease, and the old owner can report nothing any more', async () => {
      const lease = await hold();
      const entry = { length: 0, bytes: Buffer.from('abc\n'), position: 'byte 4', end: false };
      await open.store.transitions.appendLog(lease, entry);
      await setClock(open.redis.url, 6_001);
      const adopted = await adopt(lease);
      if (typeof adopted === 'string') expect.fail(adopted);
      expect(adopted).to.deep.include({ job: 'a', ended: false, logEnded: false, logLength: 4, position: 'byte 4' });
      expect(adopted.lease).to.eql({ ...lease, epoch: lease.epoch + 1, owner: 'heir' });
      expect(JSON.parse(adopted.info)).to.include({ executorKind: 'fake' });
      expect(JSON.parse(adopted.plan)).to.have.nested.property('steps[0].run', ':');
      const old = await open.store.transitions.finish(lease, { reason: 'Completed', exitCode: 0 }, {});
      expect(old).to.eql({ kind: 'stale' });
      expect((await renew(lease)).lost).to.eql([formatLease(lease)]);
      const heirs = await open.store.transitions.finish(adopted.lease, { reason: 'Completed', exitCode: 0 }, {});
      expect(heirs).to.eql({ kind: 'ok', fused: [] });
    });

    it('takes a lease at once whose owner is known to be gone', async () => {
      expect(await adopt(await hold(), { ownerGone: true })).to.be.an('object');
    });

    it('takes an ended attempt too, and says what is left to do', async () => {
      const lease = await hold();
      await open.store.transitions.finish(lease, { reason: 'Completed', exitCode: 0 }, {});
      const ended = await adopt(lease, { ownerGone: true });
      if (typeof ended === 'string') expect.fail(ended);
      expect(ended).to.include({ ended: true, logEnded: false });
      const end = { length: 0, bytes: Buffer.alloc(0), position: '', end: true };
      await open.store.transitions.appendLog(ended.lease, end);
      expect(await adopt(ended.lease, { ownerGone: true })).to.include({ ended: true, logEnded: true });
    });

    it('happens once when two want it', async () => {
      const lease = await hold();
      const both = await Promise.all([adopt(lease, { ownerGone: true }), adopt(lease, { ownerGone: true })]);
      expect(both.map((each) => (typeof each === 'string' ? each : 'ok'))).to.have.members(['ok', 'stale']);
    });

    it('is refused as stale on another executor, for an older lease, and after closing', async () => {
      const lease = await hold();
      const other = await open.store.work.registerExecutor('fake:elsewhere');
      expect(await adopt(lease, { by: other, ownerGone: true })).to.equal('stale');
      expect(await adopt({ ...lease, epoch: lease.epoch - 1 }, { ownerGone: true })).to.equal('stale');
      await open.store.transitions.finish(lease, { reason: 'Completed', exitCode: 0 }, {});
      const end = { length: 0, bytes: Buffer.alloc(0), position: '', end: true };
      await open.store.transitions.appendLog(lease, end);
      await open.store.transitions.close(lease, 1_000);
      expect(await adopt(lease, { ownerGone: true })).to.equal('stale');
    });
  });

  describe('crash loop (rule R9)', () => {
    const { max, withinMs } = adoptionsWithoutProgress;

    async function adoptNow(lease: Lease) {
      const adopted = await adopt(lease, { ownerGone: true });
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
      await open.store.transitions.requeue(lease, 'Interrupted', '', 1_000);
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
      await requestCancel(open.client, lease.run);
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

  describe('list of the expired', () => {
    it('has the oldest first, what is left to do of each, and no more than asked for', async () => {
      const [first, second, third] = [await hold(), await hold(), await hold()];
      await open.store.transitions.finish(second, { reason: 'Completed', exitCode: 0 }, {});
      await setClock(open.redis.url, 1_000);
      await renew(first);
      await setClock(open.redis.url, 8_000);
      const mine = [first, second, third].map(({ run }) => run);
      const all = await open.store.work.listExpiredLeases(executor, 1_000);
      const listed = all.filter(({ lease }) => mine.includes(lease.run));
      expect(listed.map(({ lease, ended }) => ({ lease, ended }))).to.eql([
        { lease: second, ended: true },
        { lease: third, ended: false },
        { lease: first, ended: false },
      ]);
      for (const { overdueMs } of listed) expect(overdueMs).to.be.within(900, 3_000);
      expect(await open.store.work.listExpiredLeases(executor, 2)).to.have.length(2);
    });

    it('has none of another executor', async () => {
      await hold();
      await setClock(open.redis.url, 8_000);
      const other = await open.store.work.registerExecutor('fake:none');
      expect(await open.store.work.listExpiredLeases(other, 10)).to.eql([]);
    });
  });

  describe('executors', () => {
    it('are listed with the time at which a worker of each was seen last', async () => {
      const silent = await open.store.work.registerExecutor('fake:silent');
      await setClock(open.redis.url, 50_000);
      await renew();
      const now = await open.store.work.now();
      const known = await open.store.work.listExecutors();
      expect(known).to.deep.include({ id: 'fake:silent', number: silent, seenAt: 0 });
      const seenAt = known.find(({ number }) => number === executor)?.seenAt ?? 0;
      expect(now - seenAt).to.be.within(0, 1_000);
    });
  });

  describe('look at an attempt that an executor has found', () => {
    const lookUp = ({ run, index }: Lease, attempt = 1) => open.store.work.lookUpAttempt(run, index, attempt);
    const completed = { reason: 'Completed', exitCode: 0 } as const;

    it('finds it open until it is closed', async () => {
      const run = await open.create(pipelineOf({ a: [] }));
      expect(await open.store.work.lookUpAttempt(run, 0, 1)).to.eql({ kind: 'open', claimed: false });
      const lease = await claimJob(open.store, run, 0);
      expect(await lookUp(lease)).to.eql({ kind: 'open', claimed: true });
      await open.store.transitions.finish(lease, completed, {});
      expect(await lookUp(lease)).to.eql({ kind: 'open', claimed: false });
      const end = { length: 0, bytes: Buffer.alloc(0), position: '', end: true };
      await open.store.transitions.appendLog(lease, end);
      await open.store.transitions.close(lease, 1_000);
      const [attempt] = await open.store.runs.listAttempts(run, 0);
      expect(await lookUp(lease)).to.eql({ kind: 'over', closedAt: attempt?.phases.closedAt });
    });

    it('finds it over when a later attempt followed', async () => {
      const lease = await hold();
      await open.store.transitions.retry(lease, { reason: 'Lost' }, {}, 1_000);
      expect(await lookUp(lease)).to.eql({ kind: 'over' });
      expect(await lookUp(lease, 2)).to.eql({ kind: 'open', claimed: false });
    });

    it('knows nothing of later attempts, of other jobs and of other runs', async () => {
      const lease = await hold();
      const waiting = await open.create(pipelineOf({ a: [], b: ['a'] }));
      expect(await lookUp(lease, 2)).to.eql({ kind: 'unknown' });
      expect(await lookUp({ ...lease, index: 7 })).to.eql({ kind: 'unknown' });
      expect(await lookUp({ ...lease, run: '01990000-0000-7000-8000-00000000dead' })).to.eql({ kind: 'unknown' });
      expect(await open.store.work.lookUpAttempt(waiting, 1, 1), 'never ready').to.eql({ kind: 'unknown' });
      expect(await open.store.work.lookUpAttempt(lease.run, undefined, 1)).to.eql({ kind: 'unknown' });
    });

    it('tells whether its remains are due for removal', async () => {
      const lease = await hold();
      expect(await open.store.work.isDue(executor, lease)).to.be.false;
      await open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 60_000 });
      expect(await open.store.work.isDue(executor, lease), formatAttemptId(lease)).to.be.true;
      await open.store.work.forgetDue(executor, lease);
      expect(await open.store.work.isDue(executor, lease)).to.be.false;
    });
  });

  describe('turn', () => {
    const turn = (owner: string, forMs = 60_000) => open.store.work.takeTurn('strays', owner, forMs);

    it('is one’s own for as long as one asks in time', async () => {
      expect(await turn('first')).to.be.true;
      expect(await turn('second')).to.be.false;
      expect(await turn('first', 1)).to.be.true;
      while (!(await turn('second')));
      expect(await turn('first')).to.be.false;
    });

    it('is one for each thing to do', async () => {
      expect(await open.store.work.takeTurn('one', 'first', 60_000)).to.be.true;
      expect(await open.store.work.takeTurn('other', 'second', 60_000)).to.be.true;
    });
  });

  it('are listed by the executor that they were claimed for', async () => {
    const fresh = await openStore();
    try {
      const uid = await fresh.create(
        pipelineOf(Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`j${at}`, []]))),
      );
      const mine = await fresh.store.work.registerExecutor('fake:mine');
      const yours = await fresh.store.work.registerExecutor('fake:yours');
      const claims = Array.from({ length: 600 }, (_, index) => {
        const by = { owner: 'owner', executor: index % 2 ? mine : yours, ttlMs: 6_000 };
        return fresh.store.transitions.claim({ run: uid, index, attempt: 1 }, by);
      });
      await Promise.all(claims);
      const listed = await fresh.store.work.listLeases(mine);
      expect(listed).to.have.length(300);
      expect(listed.every(({ index }) => index % 2 === 1)).to.be.true;
      expect(await fresh.store.work.registerExecutor('fake:mine')).to.equal(mine);
    } finally {
      await fresh.close();
    }
  });
});

import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openLeases, type OpenLeases } from '@chainr/testkit/open-leases';
import { askToEnd } from '@chainr/testkit/ask-to-end';
import { completed } from '@chainr/testkit/outcomes';
import type { Outcome } from '../../../src/engine/outcome.js';
import { reasons } from '../../../src/engine/reasons.js';
import { formatAttemptId, formatLease, keys, type Lease } from '../../../src/store/redis/keys.js';
import type { Deadlines } from '../../../src/store/script/transition-types.js';

const noBytes = Buffer.alloc(0);
const killed: Outcome = { reason: 'Signal', exitCode: 143 };
describe('deadlines (see Deadlines and retries)', () => {
  let open: OpenLeases;
  beforeEach(async () => {
    open = await openLeases(600_000);
  });
  afterEach(() => open.close());

  const starting = (lease: Lease, deadlines: Deadlines) =>
    open.store.transitions.report(lease, 'Starting', '', {}, deadlines);
  const executing = (lease: Lease, deadlines: Deadlines, startedMs = 0) =>
    open.store.transitions.report(lease, 'Executing', '', { startedMs }, deadlines);
  const finish = (lease: Lease, outcome: Outcome) => open.store.transitions.finish(lease, outcome, {});
  const later = (ms: number) => setClock(open.redis.url, ms);
  const expire = async () => (await open.store.transitions.expire()).due;
  const attemptOf = async ({ run }: Lease) => (await open.store.runs.listAttempts(run, 0)).at(-1);
  const phasesOf = async (lease: Lease) => (await attemptOf(lease))?.phases ?? {};
  const deadlines = async () => {
    const scored = await open.client.zrange(keys.deadlines, 0, '-1', 'WITHSCORES');
    return Object.fromEntries(scored.flatMap((id, at) => (at % 2 ? [] : [[id, Number(scored[at + 1])]])));
  };
  const stops = () => open.client.hgetall(keys.stops(open.executor));

  /** A lease whose attempt must be stopped, since its timeout has passed. */
  async function timedOut(): Promise<Lease> {
    const lease = await open.hold();
    await executing(lease, { timeoutMs: 10_000 });
    await later(10_100);
    expect(await expire()).to.equal(1);
    return lease;
  }

  describe('of a timeout', () => {
    it('count from the first Executing', async () => {
      const lease = await open.hold();
      await starting(lease, { timeoutMs: 10_000 });
      expect(await deadlines()).to.eql({});
      await later(3_000);
      await executing(lease, { timeoutMs: 10_000 }, 500);
      const { claimedAt = 0, startedAt = 0 } = await phasesOf(lease);
      expect(startedAt - claimedAt).to.be.within(2_500, 20_000);
      expect(await deadlines()).to.eql({ [`${formatAttemptId(lease)}.t`]: startedAt + 10_000 });
      await later(8_000);
      await executing(lease, { timeoutMs: 10_000 });
      expect(await deadlines(), 'a later report').to.eql({ [`${formatAttemptId(lease)}.t`]: startedAt + 10_000 });
    });

    it('count from the claim at the earliest, even if a jump of the clock puts the start before it', async () => {
      const lease = await open.hold();
      await executing(lease, { timeoutMs: 10_000 }, 3_600_000);
      const { claimedAt = 0, startedAt = 0 } = await phasesOf(lease);
      expect(startedAt).to.equal(claimedAt);
      expect(await expire()).to.equal(0);
      await later(10_100);
      expect(await expire()).to.equal(1);
    });

    it('do not exist for a job without one', async () => {
      const lease = await open.hold();
      await executing(lease, { pendingTimeoutMs: 1_000 });
      expect(await deadlines()).to.eql({});
    });

    it('pass, not before their time', async () => {
      const lease = await open.hold();
      await executing(lease, { timeoutMs: 10_000 });
      await later(5_000);
      expect(await open.store.transitions.expire()).to.eql({ due: 0, lagMs: 0 });
      expect(await open.renew(lease)).to.eql({ lost: [], stops: [] });
      await later(12_000);
      const { due, lagMs } = await open.store.transitions.expire();
      expect(due).to.equal(1);
      expect(lagMs).to.be.within(2_000, 20_000);
      expect(await open.renew(lease)).to.eql({ lost: [], stops: [{ lease: formatLease(lease), reason: 'TimedOut' }] });
    });
  });

  describe('of a pendingTimeout', () => {
    it('count from the claim', async () => {
      const lease = await open.hold();
      await later(4_000);
      await starting(lease, { pendingTimeoutMs: 10_000 });
      const { claimedAt = 0 } = await phasesOf(lease);
      expect(await deadlines()).to.eql({ [`${formatAttemptId(lease)}.p`]: claimedAt + 10_000 });
    });

    it('are dropped when the attempt starts in time', async () => {
      const lease = await open.hold();
      await starting(lease, { pendingTimeoutMs: 10_000 });
      await executing(lease, { pendingTimeoutMs: 10_000 });
      expect(await deadlines()).to.eql({});
      await later(20_000);
      expect(await expire()).to.equal(0);
      expect((await open.renew(lease)).stops).to.eql([]);
    });

    it('do nothing to an attempt that has started, even if they still exist', async () => {
      const lease = await open.hold();
      await executing(lease, {});
      await open.client.zadd(keys.deadlines, 1, `${formatAttemptId(lease)}.p`);
      expect(await expire()).to.equal(1);
      expect((await open.renew(lease)).stops).to.eql([]);
      expect(await deadlines()).to.eql({});
    });

    it('stop an attempt that still pulls its image, and it ends PendingTimedOut', async () => {
      const lease = await open.hold();
      await open.store.transitions.report(lease, 'PullingImage', '', {}, { pendingTimeoutMs: 10_000 });
      await later(10_100);
      await expire();
      expect((await open.renew(lease)).stops).to.eql([{ lease: formatLease(lease), reason: 'PendingTimedOut' }]);
      expect(await open.store.runs.findJob(lease.run, 'a')).to.include({
        reason: 'Canceling',
        message: 'It did not start within its pendingTimeout; it is being stopped.',
      });
      await finish(lease, { reason: 'Lost', message: 'It was stopped before it started.' });
      expect(await attemptOf(lease)).to.include({
        status: 'FAILED',
        reason: 'PendingTimedOut',
        message: 'Did not start within its pendingTimeout.',
      });
    });
  });

  describe('that have passed', () => {
    it('have one event, which says what happens', async () => {
      const lease = await open.hold();
      await executing(lease, { timeoutMs: 10_000 });
      const cursor = await open.store.events.lastCursor();
      await later(10_100);
      await expire();
      await expire();
      const { events } = await open.store.events.readEvents(cursor, 10);
      expect(events).to.have.length(1);
      expect(events[0]).to.include({
        kind: 'job.reason',
        job: 'a',
        attempt: 1,
        status: 'RUNNING',
        reason: 'Canceling',
        message: 'Its timeout has passed; it is being stopped.',
      });
    });

    it('are reported by each renewal until the end, and by an adoption', async () => {
      const lease = await timedOut();
      const stop = { lease: formatLease(lease), reason: 'TimedOut' };
      expect((await open.renew(lease)).stops).to.eql([stop]);
      expect((await open.renew(lease)).stops).to.eql([stop]);
      const adopted = await open.adopt(lease, { ownerGone: true });
      if (typeof adopted === 'string') expect.fail(adopted);
      expect(adopted).to.include({ stop: 'TimedOut', begun: true, ended: false });
      expect((await open.renew(adopted.lease)).stops).to.eql([{ ...stop, lease: formatLease(adopted.lease) }]);
      expect(await open.renew(lease)).to.eql({ lost: [formatLease(lease)], stops: [] });
    });

    it('are not hidden by a late report of the attempt', async () => {
      const lease = await timedOut();
      expect(await executing(lease, { timeoutMs: 10_000 })).to.be.true;
      expect((await open.store.runs.findJob(lease.run, 'a'))?.reason).to.equal('Canceling');
      await expire();
      expect(await deadlines()).to.eql({});
    });

    it('keep the attempt from being given back or retried as lost', async () => {
      const lease = await timedOut();
      const { transitions } = open.store;
      expect(await transitions.requeue(lease, 'Interrupted', '', { removalGraceMs: 1_000 })).to.equal('final');
      expect(await transitions.retry(lease, { reason: 'Lost' }, {}, { removalGraceMs: 1_000 })).to.equal('final');
    });

    for (const outcome of [killed, completed, { reason: 'ExitCode', exitCode: 7 } as const]) {
      it(`end the attempt as TimedOut, and keep the exit code ${String(outcome.exitCode)}`, async () => {
        const lease = await timedOut();
        await finish(lease, outcome);
        expect(await attemptOf(lease)).to.include({
          status: 'FAILED',
          reason: 'TimedOut',
          message: 'Ran longer than its timeout.',
          exitCode: outcome.exitCode,
        });
        expect((await open.store.runs.getRun(lease.run))?.status).to.equal('FAILED');
      });
    }
  });

  describe('beside a cancel (see Causes)', () => {
    it('do nothing if the cancel was recorded first', async () => {
      const lease = await open.hold();
      await executing(lease, { timeoutMs: 10_000 });
      await askToEnd(open, lease.run);
      await later(10_100);
      expect(await expire()).to.equal(1);
      expect(Object.values(await stops())).to.eql([String(reasons.indexOf('CanceledByUser'))]);
      await finish(lease, killed);
      expect(await attemptOf(lease)).to.include({ status: 'CANCELED', reason: 'CanceledByUser', exitCode: 143 });
    });

    it('do nothing if the timeout of the run was recorded first', async () => {
      const lease = await open.hold();
      await starting(lease, { pendingTimeoutMs: 10_000 });
      await askToEnd(open, lease.run, 'timeout');
      await later(10_100);
      await expire();
      await finish(lease, killed);
      expect(await attemptOf(lease)).to.include({ status: 'CANCELED', reason: 'RunTimedOut' });
    });

    it('win if they had passed before', async () => {
      const lease = await timedOut();
      await askToEnd(open, lease.run);
      await finish(lease, killed);
      expect(await attemptOf(lease)).to.include({ status: 'FAILED', reason: 'TimedOut', exitCode: 143 });
    });
  });

  describe('of an attempt that is over', () => {
    for (const [name, end] of [
      ['has ended', (lease: Lease): Promise<unknown> => finish(lease, completed)],
      [
        'was given back',
        (lease: Lease) => open.store.transitions.requeue(lease, 'Interrupted', '', { removalGraceMs: 0 }),
      ],
    ] as const) {
      it(`are gone: it ${name}`, async () => {
        const lease = await open.hold();
        await starting(lease, { pendingTimeoutMs: 10_000, timeoutMs: 10_000 });
        expect(Object.keys(await deadlines())).to.have.length(1);
        await executing(lease, { timeoutMs: 10_000 });
        expect(Object.keys(await deadlines())).to.have.length(1);
        await end(lease);
        expect(await deadlines()).to.eql({});
      });
    }

    it('are gone: only the end of the backoff is left after a loss', async () => {
      const lease = await open.hold();
      await executing(lease, { timeoutMs: 10_000 });
      expect(await open.store.transitions.retry(lease, { reason: 'Lost' }, {}, { removalGraceMs: 0 })).to.equal('ok');
      expect(Object.keys(await deadlines())).to.eql([`${lease.run}.0.2.b`]);
    });

    it('leave no request to stop it', async () => {
      const lease = await timedOut();
      expect(Object.keys(await stops())).to.eql([formatAttemptId(lease)]);
      await finish(lease, killed);
      expect(await stops()).to.eql({});
      expect(await deadlines()).to.eql({});
    });

    it('do nothing, even if they still exist', async () => {
      const lease = await open.hold();
      await finish(lease, completed);
      await open.client.zadd(keys.deadlines, 1, `${formatAttemptId(lease)}.t`, 1, `${lease.run}.0.2.b`);
      const cursor = await open.store.events.lastCursor();
      expect(await expire()).to.equal(2);
      expect((await open.store.events.readEvents(cursor, 10)).events).to.eql([]);
      expect(await attemptOf(lease)).to.include({ status: 'SUCCESSFUL' });
      expect(await deadlines()).to.eql({});
      expect(await stops()).to.eql({});
    });
  });

  describe('carried out', () => {
    it('change nothing if there are none', async () => {
      expect(await open.store.transitions.expire()).to.eql({ due: 0, lagMs: 0 });
    });

    it('are removed for a run that is gone', async () => {
      const lease = await timedOut();
      await open.client.zadd(keys.deadlines, 1, `${formatAttemptId(lease)}.t`, 1, `${lease.run}.0.1.b`);
      await open.client.del(keys.run(lease.run));
      expect(await expire()).to.equal(2);
      expect(await deadlines()).to.eql({});
    });

    it('twice have one effect', async () => {
      await timedOut();
      expect(await expire()).to.equal(0);
    });

    it('by two processes at the same time have one effect', async () => {
      const lease = await open.hold();
      await executing(lease, { timeoutMs: 10_000 });
      const cursor = await open.store.events.lastCursor();
      await later(10_100);
      const both = await Promise.all([expire(), expire()]);
      expect((await open.renew(lease)).stops).to.have.length(1);
      expect((await open.store.events.readEvents(cursor, 10)).events, String(both)).to.have.length(1);
    });

    it('are all handled, however many', async () => {
      const jobs = Object.fromEntries(Array.from({ length: 70 }, (_, at) => [`j${String(at)}`, []]));
      const run = await open.create(pipelineOf(jobs));
      const leases = await Promise.all(
        Array.from({ length: 70 }, (_, index) => claimJob(open.store, run, index, { ttlMs: 600_000 })),
      );
      await Promise.all(leases.map((lease) => executing(lease, { timeoutMs: 10_000 })));
      await later(11_000);
      expect(await expire()).to.equal(70);
      expect(Object.keys(await stops())).to.have.length(70);
      const ends = leases.map(async (lease) => {
        await finish(lease, killed);
        await open.store.transitions.appendLog(lease, { length: 0, bytes: noBytes, position: '', end: true });
        expect(await open.store.transitions.close(lease, 0)).to.equal('ok');
      });
      await Promise.all(ends);
      expect(await stops()).to.eql({});
      expect((await open.store.runs.getRun(run))?.jobCounts).to.include({ FAILED: 70 });
    });
  });
});

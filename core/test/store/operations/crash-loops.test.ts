import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openLeases, type OpenLeases } from '@chainr/testkit/open-leases';
import { askToEnd } from '@chainr/testkit/ask-to-end';
import { completed } from '@chainr/testkit/outcomes';
import { statusAndReason } from '@chainr/testkit/statuses';
import { crashLoop } from '../../../src/engine/retries.js';
import { formatLease, keys, type Lease } from '../../../src/store/redis/keys.js';
import type { AdoptedAttempt } from '../../../src/store/script/transition-types.js';

const { deathsMax, delayLeasesMax } = crashLoop;
const ttlMs = 6_000;
/** After this time a lease has expired, and a suspect's delay is over. */
const longAfterMs = (1 + delayLeasesMax) * ttlMs + 1;
const crashed = { reason: 'WorkerCrashed', exitCode: 143 } as const;

describe('a crash loop (see Crash loops)', () => {
  let open: OpenLeases;
  let offsetMs: number;
  before(async () => {
    open = await openLeases(ttlMs);
  });
  after(() => open.close());
  beforeEach(async () => {
    offsetMs = 0;
    await setClock(open.redis.url, 0);
  });

  const forward = (ms: number) => setClock(open.redis.url, (offsetMs += ms));
  const forwardTo = async (at: number) => forward(at - (await open.store.now()));
  const jobOf = ({ run }: Lease) => open.store.runs.findJob(run, 'a');
  async function adopt(lease: Lease): Promise<AdoptedAttempt> {
    const adopted = await open.adopt(lease);
    return typeof adopted === 'string' ? expect.fail(adopted) : adopted;
  }
  /** The owner dies at once, and another worker adopts the attempt. */
  async function die(lease: Lease): Promise<AdoptedAttempt> {
    await forward(longAfterMs);
    return adopt(lease);
  }
  async function dieOften(lease: Lease, times: number): Promise<Lease> {
    let last = lease;
    for (let death = 1; death <= times; death += 1) {
      const adopted = await die(last);
      expect(adopted, `death ${String(death)}`)
        .to.include({ ended: false })
        .and.not.have.property('stop');
      last = adopted.lease;
    }
    return last;
  }

  it('requests the stop of the attempt, and does not record its end while it runs', async () => {
    const jobs = { a: [], b: ['a'], c: [{ job: 'a', conditions: { failure: true } }] };
    const lease = await dieOften(await open.hold(jobs), deathsMax);
    const adopted = await die(lease);
    expect(adopted).to.include({ ended: false, stop: 'WorkerCrashed', stopToldMs: 0 });
    expect(await jobOf(lease)).to.include({ status: 'RUNNING', reason: 'Canceling' });
    await open.store.transitions.finish(adopted.lease, crashed, {});
    const ended = await open.store.runs.listJobs(lease.run, { from: 0, limit: 3 });
    expect(ended.map(statusAndReason)).to.eql(['FAILED WorkerCrashed', 'SKIPPED ConditionNotMet', 'PENDING Queued']);
    expect(await open.client.hlen(keys.stops(open.executor))).to.equal(0);
  });

  it('frees its slot at its end, not before', async () => {
    const pipeline = { ...pipelineOf({ a: [], b: [] }), maxParallel: 1 };
    const run = await open.create(pipeline);
    const lease = await dieOften(await claimJob(open.store, run, 0, { ttlMs }), deathsMax);
    const adopted = await die(lease);
    expect(adopted).to.include({ stop: 'WorkerCrashed' });
    expect(await open.client.zrange(keys.slots(run), 0, '-1')).to.eql(['0']);
    expect(open.inbox.take(run)).to.not.include(`${run}.1.1`);
    await open.store.transitions.finish(adopted.lease, crashed, {});
    expect(open.inbox.take(run)).to.include(`${run}.1.1`);
  });

  it('tells each later owner to stop it, and since when', async () => {
    const { lease } = await die(await dieOften(await open.hold(), deathsMax));
    await forward(ttlMs + 1);
    const next = await adopt(lease);
    expect(next).to.include({ ended: false, stop: 'WorkerCrashed' });
    expect(next.stopToldMs).to.be.at.least(ttlMs);
  });

  it('is SUCCESSFUL if the attempt had succeeded before its stop', async () => {
    const { lease } = await die(await dieOften(await open.hold(), deathsMax));
    await open.store.transitions.finish(lease, completed, {});
    expect(await jobOf(lease)).to.include({ status: 'SUCCESSFUL', reason: 'Completed' });
  });

  describe('is not assumed', () => {
    it('if each worker lived on for a while, however often it was adopted', async () => {
      let lease = await open.hold();
      for (let times = 0; times < 3 * deathsMax; times += 1) {
        await forward(ttlMs / 2);
        await open.renew(lease);
        await forward(ttlMs + 1);
        const adopted = await adopt(lease);
        expect(adopted).to.not.have.property('stop');
        ({ lease } = adopted);
      }
    });

    it('if one of the workers lived on for a while: the count starts again', async () => {
      const lease = await dieOften(await open.hold(), deathsMax);
      await forward(ttlMs / 2);
      await open.renew(lease);
      await dieOften(lease, deathsMax + 1);
    });

    it('if a worker asks for its lost lease: it could not reach Redis', async () => {
      const lost = await dieOften(await open.hold(), deathsMax - 1);
      const { lease } = await die(lost);
      expect(await open.renew(lost)).to.eql({ lost: [formatLease(lost)], stops: [] });
      await dieOften(lease, deathsMax);
    });

    it('if six workers in a row could not reach Redis, each for a while', async () => {
      let lease = await open.hold();
      for (let stall = 0; stall < 2 * deathsMax; stall += 1) {
        const adopted = await die(lease);
        expect(adopted).to.not.have.property('stop');
        await open.renew(lease);
        ({ lease } = adopted);
      }
    });

    it('after a line of the log', async () => {
      const lease = await dieOften(await open.hold(), deathsMax);
      const entry = { length: 0, bytes: Buffer.from('abc\n'), position: '4', end: false };
      await open.store.transitions.appendLog(lease, entry);
      await dieOften(lease, deathsMax);
    });

    it('after a phase', async () => {
      const lease = await dieOften(await open.hold(), deathsMax);
      await open.store.transitions.report(lease, 'PullingImage', '', {});
      const pulled = await dieOften(lease, deathsMax);
      await open.store.transitions.report(pulled, 'Executing', '', { startedMs: 1 });
      const started = await dieOften(pulled, deathsMax);
      await open.store.transitions.report(started, 'Executing', '', { startedMs: 1 });
      await open.store.transitions.report(started, 'Starting', '', {});
      expect(await die(started), 'the same phase again').to.include({ stop: 'WorkerCrashed' });
    });

    it('except after a reported outage of the executor, or its end', async () => {
      const { transitions } = open.store;
      const lease = await dieOften(await open.hold(), 1);
      await transitions.report(lease, 'Executing', '', { startedMs: 1 });
      const running = await dieOften(lease, 2);
      await transitions.reportOutage(running, 'The executor is out of order: a. Trying again.');
      const told = await dieOften(running, 1);
      await transitions.reportOutage(told, 'The executor is out of order: b. Trying again.');
      await transitions.report(told, 'Executing', '', { startedMs: 1 });
      expect(await jobOf(lease)).to.include({ reason: 'Executing', message: 'Running.' });
      const goesOn = await dieOften(told, 1);
      await transitions.reportOutage(goesOn, 'The executor is out of order: b. Trying again.');
      await transitions.reportOutage(goesOn, '');
      const last = await dieOften(goesOn, deathsMax - 4);
      expect(await die(last)).to.include({ stop: 'WorkerCrashed' });
    });

    it('except after a phase that an earlier worker had reached', async () => {
      let lease = await open.hold();
      await open.store.transitions.report(lease, 'PullingImage', '', {});
      for (let death = 0; death < deathsMax; death += 1) {
        lease = await dieOften(lease, 1);
        await open.store.transitions.report(lease, 'Starting', '', {});
        await open.store.transitions.report(lease, 'PullingImage', '', {});
      }
      expect(await die(lease)).to.include({ stop: 'WorkerCrashed' });
    });

    it('after another phase, although an outage came before it', async () => {
      const lease = await dieOften(await open.hold(), deathsMax);
      await open.store.transitions.reportOutage(lease, 'The executor is out of order: a. Trying again.');
      await open.store.transitions.report(lease, 'PullingImage', '', {});
      await dieOften(lease, deathsMax);
    });

    it('for a later attempt of the job', async () => {
      const lease = await dieOften(await open.hold(), deathsMax);
      await open.store.transitions.requeue(lease, 'Interrupted', '', { removalGraceMs: 1_000 });
      await dieOften(await claimJob(open.store, lease.run, 0, { attempt: 2, ttlMs }), deathsMax);
    });
  });

  describe('leaves a suspect alone', () => {
    it('for longer each time, up to a limit', async () => {
      let lease = await open.hold();
      const delays = [0, 3_000, 6_000, 12_000, 24_000];
      expect(delays).to.have.length(deathsMax);
      for (const delayMs of delays) {
        const expiresAt = Number(await open.client.zscore(keys.leases(open.executor), formatLease(lease)));
        // A second before, since the clock goes on while the test runs.
        await forwardTo(expiresAt + delayMs - 1_000);
        expect(await open.adopt(lease), `a second before ${String(delayMs)} ms`).to.equal('held');
        await forwardTo(expiresAt + delayMs);
        ({ lease } = await adopt(lease));
      }
    });

    it('if its worker is known to be gone, from its last sign of life on', async () => {
      const lease = await dieOften(await open.hold(), 2);
      expect(await open.adopt(lease, { ownerGone: true })).to.equal('held');
      await forward(ttlMs + 1);
      expect(await open.adopt(lease, { ownerGone: true })).to.be.an('object');
    });

    it('but lets its owner renew it meanwhile', async () => {
      const lease = await dieOften(await open.hold(), deathsMax - 1);
      await forward(ttlMs + 1);
      expect(await open.adopt(lease)).to.equal('held');
      expect(await open.renew(lease)).to.eql({ lost: [], stops: [] });
      await dieOften(lease, deathsMax);
    });

    it('but not if it must be stopped', async () => {
      const lease = await dieOften(await open.hold(), deathsMax);
      await askToEnd(open, lease.run);
      await forward(ttlMs + 1);
      expect(await adopt(lease)).to.include({ stop: 'CanceledByUser' });
    });
  });

  describe('of what has ended', () => {
    it('starts the count again at the end, and then cuts the log', async () => {
      let lease = await dieOften(await open.hold(), deathsMax);
      await open.store.transitions.finish(lease, completed, {});
      for (let death = 1; death <= deathsMax; death += 1) {
        const adopted = await die(lease);
        expect(adopted).to.include({ ended: true }).and.not.have.property('stop');
        ({ lease } = adopted);
      }
      expect(await die(lease)).to.include({ ended: true, stop: 'WorkerCrashed' });
      expect(await jobOf(lease)).to.include({ status: 'SUCCESSFUL' });
    });
  });

  describe('beside another request', () => {
    it('ends as canceled if that was requested before', async () => {
      let lease = await dieOften(await open.hold(), deathsMax);
      await askToEnd(open, lease.run);
      const adopted = await die(lease);
      expect(adopted).to.include({ ended: false, stop: 'CanceledByUser' });
      ({ lease } = adopted);
      await open.store.transitions.finish(lease, { reason: 'Signal', exitCode: 143 }, {});
      expect(await jobOf(lease)).to.include({ status: 'CANCELED', reason: 'CanceledByUser' });
    });

    it('ends as crashed if the cancel came later', async () => {
      const { lease } = await die(await dieOften(await open.hold(), deathsMax));
      await askToEnd(open, lease.run);
      await open.store.transitions.finish(lease, crashed, {});
      expect(await jobOf(lease)).to.include({ status: 'FAILED', reason: 'WorkerCrashed' });
    });

    it('ends as timed out if that came before, and runs until then', async () => {
      let lease = await open.hold();
      await open.store.transitions.report(lease, 'Executing', '', { startedMs: 0 }, { timeoutMs: 0 });
      await open.store.transitions.expire();
      for (let death = 0; death < 2 * deathsMax; death += 1) {
        const adopted = await die(lease);
        expect(adopted).to.include({ ended: false, stop: 'TimedOut' });
        ({ lease } = adopted);
      }
      await open.store.transitions.finish(lease, { reason: 'Signal', exitCode: 137 }, {});
      expect(await jobOf(lease)).to.include({ status: 'FAILED', reason: 'TimedOut' });
    });
  });
});

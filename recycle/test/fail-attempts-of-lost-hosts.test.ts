import { expect } from 'chai';
import { linesOf } from '@chainr/core/store/logs/log-page';
import type { RunUid } from '@chainr/core/engine/records';
import type { Lease } from '@chainr/core/store/redis/keys';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { countLeases } from '@chainr/testkit/count-leases';
import { openLeases, type OpenLeases } from '@chainr/testkit/open-leases';
import { askToEnd } from '@chainr/testkit/ask-to-end';
import { completed } from '@chainr/testkit/outcomes';
import { failAttemptsOfLostHosts } from '../src/sweeps/fail-attempts-of-lost-hosts.js';

const never = new AbortController().signal;
const hourMs = 3_600_000;

describe('a lost host', () => {
  let open: OpenLeases;
  beforeEach(async () => {
    open = await openLeases();
  });
  afterEach(() => open.close());

  /** @returns a function that makes one pass, `afterMs` after the pass before */
  function sweepOf(hostLostAfterMs: number): (afterMs?: number) => Promise<number> {
    const queue = {
      removeDead: () => Promise.resolve(0),
      listMissing: () => Promise.resolve(new Set<number>()),
      remove: () => Promise.resolve(),
    };
    let nowMs = 1_000;
    const sweep = failAttemptsOfLostHosts({ store: open.store, queue, config: { hostLostAfterMs } }, () => nowMs);
    return async (afterMs = 2_000) => {
      nowMs += afterMs;
      return (await sweep.sweep(never)).changed;
    };
  }
  const later = (ms: number) => setClock(open.redis.url, ms);
  /** A sign of life of a worker of the executor. */
  const show = () => open.renew();
  const jobOf = (run: RunUid) => open.store.runs.findJob(run, 'a');
  const logOf = async ({ run }: Lease) => open.store.logs.read(run, 0, 1, { offset: 0, maxBytes: 10_000 });
  const linesIn = async (lease: Lease) => linesOf((await logOf(lease))!);
  const textsOf = async (lease: Lease) => (await linesIn(lease)).map(({ text }) => text);
  const isLost = async ({ run }: Lease) => (await jobOf(run))?.status !== 'RUNNING';
  /** Runs the sweep for 300 s without a worker. @returns how many attempts were given up */
  async function giveUp(): Promise<number> {
    const sweep = sweepOf(300_000);
    for (let pass = 0; pass < 150; pass += 1) expect(await sweep()).to.equal(0);
    return sweep();
  }

  it('has Lost attempts, and the next ones are ready elsewhere', async () => {
    const lease = await open.hold();
    const { run } = lease;
    open.inbox.take(run);
    await show();
    await later(20_000);
    expect(await giveUp()).to.be.above(0);
    expect(await jobOf(run)).to.include({ status: 'PENDING', reason: 'RetryBackoff', attempt: 1 });
    const [first] = await open.store.runs.listAttempts(run, 0);
    expect(first).to.include({
      status: 'FAILED',
      reason: 'Lost',
      message: `${testExecutor} has no worker of the pool fake any more.`,
    });
    expect(first?.phases).to.have.property('closedAt');
    expect(await countLeases(open.client)).to.equal(0);
    expect(await open.store.transitions.finish(lease, completed, {}), 'a host that returns').to.eql({ kind: 'stale' });
    await later(30_000);
    await open.store.transitions.expire();
    expect(open.inbox.take(run)).to.eql([`${run}.0.2`]);
    const elsewhere = await open.store.executors.register('fake:elsewhere', 'fake');
    const by = { owner: 'other', executor: elsewhere, ttlMs: 6_000 };
    expect(await open.store.transitions.claim({ run, index: 0, attempt: 2 }, by)).to.be.an('object');
  });

  it('keeps the stored log, with a cut mark', async () => {
    const lease = await open.hold();
    const bytes = Buffer.from('100 main o first\n');
    await open.store.transitions.appendLog(lease, { length: 0, bytes, position: '1', end: false });
    const before = await textsOf(lease);
    expect(before).to.have.length(1);
    await later(20_000);
    expect(await giveUp()).to.be.above(0);
    expect(await textsOf(lease)).to.eql([
      ...before,
      `The log is cut here: ${testExecutor} had no worker of the pool fake for 5m.`,
    ]);
    expect(await logOf(lease)).to.include({ ended: true });
    expect((await linesIn(lease)).at(-1)).to.include({ stream: 'system' });
  });

  it('closes ended attempts with their result', async () => {
    const lease = await open.hold();
    await open.store.transitions.finish(lease, completed, {});
    await later(20_000);
    expect(await giveUp()).to.be.above(0);
    expect(await jobOf(lease.run)).to.include({ status: 'SUCCESSFUL', reason: 'Completed', attempt: 1 });
    expect((await open.store.runs.listAttempts(lease.run, 0))[0]?.phases).to.have.property('closedAt');
    expect(await textsOf(lease)).to.have.length(1);
    expect(await countLeases(open.client)).to.equal(0);
  });

  it('closes ended attempts with a complete log without a cut mark', async () => {
    const lease = await open.hold();
    await open.store.transitions.finish(lease, completed, {});
    const end = { length: 0, bytes: Buffer.alloc(0), position: '', end: true };
    await open.store.transitions.appendLog(lease, end);
    await later(20_000);
    expect(await giveUp()).to.be.above(0);
    expect(await textsOf(lease)).to.eql([]);
    expect(await countLeases(open.client)).to.equal(0);
  });

  it('ends canceled and timed-out attempts as such, without a next attempt', async () => {
    const [canceled, late] = [await open.hold(), await open.hold()];
    await askToEnd(open, canceled.run);
    await open.store.transitions.report(late, 'Executing', '', { startedMs: 5 }, { timeoutMs: 1 });
    await open.store.transitions.expire();
    await later(20_000);
    expect(await giveUp()).to.be.above(0);
    expect(await jobOf(canceled.run)).to.include({ status: 'CANCELED', reason: 'CanceledByUser' });
    expect(await jobOf(late.run)).to.include({ status: 'FAILED', reason: 'TimedOut' });
    for (const { run } of [canceled, late]) {
      expect((await open.store.runs.getRun(run))?.endedAt).to.be.a('number');
      expect((await open.store.runs.listAttempts(run, 0))[0]?.phases).to.have.property('closedAt');
    }
  });

  it('fails a job that was lost four times', async () => {
    let lease = await open.hold();
    const { run } = lease;
    let offsetMs = 0;
    for (let attempt = 2; attempt <= 4; attempt += 1) {
      await open.store.transitions.retry(lease, { reason: 'Lost' }, {}, { removalGraceMs: 60_000 });
      await later((offsetMs += 60_000));
      await open.store.transitions.expire();
      lease = await claimJob(open.store, run, 0, { attempt, ttlMs: 6_000 });
    }
    await later((offsetMs += 20_000));
    expect(await giveUp()).to.be.above(0);
    expect(await jobOf(run)).to.include({ status: 'FAILED', reason: 'Lost', attempt: 4 });
    expect((await open.store.runs.getRun(run))?.status).to.equal('FAILED');
    expect(await countLeases(open.client)).to.equal(0);
  });

  describe('is not given up', () => {
    it('before its time', async () => {
      const lease = await open.hold();
      await later(20_000);
      const sweep = sweepOf(6_000);
      expect([await sweep(), await sweep(), await sweep(), await sweep(1_999)]).to.eql([0, 0, 0, 0]);
      expect(await isLost(lease)).to.be.false;
      expect(await sweep(1)).to.equal(1);
      expect(await isLost(lease)).to.be.true;
    });

    it('for time without a sweep, or a jump of the clock of Redis', async () => {
      const lease = await open.hold();
      const sweep = sweepOf(10_000);
      expect(await sweep()).to.equal(0);
      await later(10 * hourMs);
      expect([await sweep(hourMs), await sweep(hourMs)], 'four seconds each').to.eql([0, 0]);
      expect(await isLost(lease)).to.be.false;
      expect(await sweep()).to.equal(1);
    });

    it('by the first pass of a sweep that has just started', async () => {
      const lease = await open.hold();
      await later(10 * hourMs);
      expect(await sweepOf(1)()).to.equal(0);
      expect(await isLost(lease)).to.be.false;
    });

    it('while a worker is seen, although leases have expired', async () => {
      const lease = await open.hold();
      await later(hourMs);
      const sweep = sweepOf(3_000);
      for (let pass = 0; pass < 10; pass += 1) {
        await show();
        expect(await sweep()).to.equal(0);
      }
      expect(await isLost(lease)).to.be.false;
    });

    it('after a worker came back: its time starts again', async () => {
      const lease = await open.hold();
      await later(20_000);
      const sweep = sweepOf(6_000);
      expect([await sweep(), await sweep(), await sweep()]).to.eql([0, 0, 0]);
      await show();
      expect(await sweep()).to.equal(0);
      await later(40_000);
      expect([await sweep(), await sweep()]).to.eql([0, 0]);
      expect(await isLost(lease)).to.be.false;
      expect(await sweep()).to.equal(1);
    });

    it('ever, if the setting says so', async () => {
      const lease = await open.hold();
      await later(10 * hourMs);
      const sweep = sweepOf(0);
      expect([await sweep(), await sweep(), await sweep()]).to.eql([0, 0, 0]);
      expect(await isLost(lease)).to.be.false;
    });

    it('with the attempts of another executor', async () => {
      const elsewhere = await open.store.executors.register('fake:elsewhere', 'fake');
      const run = await open.create(pipelineOf({ a: [] }));
      const by = { owner: 'other', executor: elsewhere, ttlMs: 6_000 };
      await open.store.transitions.claim({ run, index: 0, attempt: 1 }, by);
      const lease = await open.hold();
      await later(20_000);
      await open.store.leases.renew(elsewhere, [], 6_000);
      expect(await giveUp()).to.be.above(0);
      expect(await isLost(lease)).to.be.true;
      expect(await jobOf(run)).to.include({ status: 'RUNNING' });
    });

    it('with leases that have not expired', async () => {
      const run = await open.create(pipelineOf({ a: [] }));
      await claimJob(open.store, run, 0, { ttlMs: hourMs });
      const expired = await open.hold();
      await later(20_000);
      expect(await giveUp()).to.be.above(0);
      expect(await isLost(expired)).to.be.true;
      expect(await jobOf(run)).to.include({ status: 'RUNNING' });
    });
  });
});

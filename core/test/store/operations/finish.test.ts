import { expect } from 'chai';
import { pipelineOf, type JobShape } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { askToEnd } from '@chainr/testkit/ask-to-end';
import { completed } from '@chainr/testkit/outcomes';
import { statusAndReason } from '@chainr/testkit/statuses';
import type { Outcome, Outputs } from '../../../src/engine/outcome.js';
import { keys } from '../../../src/store/redis/keys.js';

describe('the end of an attempt', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  /** A run whose first job is claimed. */
  async function begin(jobs: Record<string, JobShape>) {
    const uid = await open.create(pipelineOf(jobs));
    return { uid, lease: await claimJob(open.store, uid, 0) };
  }
  const { finish, statuses } = {
    finish: (...args: Parameters<typeof open.store.transitions.finish>) => open.store.transitions.finish(...args),
    statuses: async (uid: string) =>
      (await open.store.runs.listJobs(uid, { from: 0, limit: 100 })).map(statusAndReason),
  };

  it('keeps exit code, message, steps and phases', async () => {
    const { uid, lease } = await begin({ a: [] });
    await setClock(open.redis.url, 1_000);
    const steps = [{ name: 'main', exitCode: 7 }];
    const outcome: Outcome = { reason: 'ExitCode', exitCode: 7, message: 'It said "no" — 7.', steps };
    expect(await finish(lease, outcome, { scheduledMs: 30, pulledMs: 20, startedMs: 10 })).to.eql({
      kind: 'ok',
      fused: [],
    });
    const [attempt] = await open.store.runs.listAttempts(uid, 0);
    expect(attempt).to.deep.include({ ...outcome, status: 'FAILED', executorId: 'fake:test' });
    const { scheduledAt = 0, pulledAt = 0, startedAt = 0, endedAt = 0 } = attempt?.phases ?? {};
    expect([endedAt - scheduledAt, endedAt - pulledAt, endedAt - startedAt]).to.eql([30, 20, 10]);
    expect((await open.store.runs.getRun(uid))?.status).to.equal('FAILED');
  });

  it('makes dependents ready or skips them, and skips theirs in turn', async () => {
    const { uid, lease } = await begin({
      a: [],
      ok: ['a'],
      bad: [{ job: 'a', conditions: { failure: true } }],
      after: ['bad'],
    });
    await finish(lease, completed, {});
    expect(await statuses(uid)).to.eql([
      'SUCCESSFUL Completed',
      'PENDING Queued',
      'SKIPPED ConditionNotMet',
      'SKIPPED DependencySkipped',
    ]);
    expect(open.inbox.take(uid)).to.eql([`${uid}.0.1`, `${uid}.1.1`]);
  });

  it('returns one dependent, already claimed, and hands out the others', async () => {
    const { uid, lease } = await begin({ a: [], b: ['a'], c: ['a'] });
    open.inbox.take(uid);
    const reply = await finish(lease, completed, {}, { fuse: { ttlMs: 60_000, atMost: 1 } });
    expect(reply).to.have.nested.property('fused[0].job', 'b');
    expect(await statuses(uid)).to.eql(['SUCCESSFUL Completed', 'RUNNING Starting', 'PENDING Queued']);
    expect(open.inbox.take(uid)).to.eql([`${uid}.2.1`]);
  });

  it('returns no dependent unless asked', async () => {
    const { lease } = await begin({ a: [], b: ['a'] });
    expect(await finish(lease, completed, {})).to.eql({ kind: 'ok', fused: [] });
  });

  it('keeps the outputs of a SUCCESSFUL or FAILED job, and none of a job without outputs', async () => {
    const { uid, lease } = await begin({ a: [], b: [], c: [] });
    const outputs = { tag: 'größe "x" \u2028', __proto___: '', constructor: 'c' };
    await finish(lease, { ...completed, outputs }, {});
    await finish(await claimJob(open.store, uid, 1), { reason: 'ExitCode', exitCode: 1, outputs: { why: '1' } }, {});
    await finish(await claimJob(open.store, uid, 2), completed, {});
    expect(await open.store.runs.getOutputs(uid, [0, 1, 2, 3])).to.deep.equal(
      new Map<number, Outputs>([
        [0, outputs],
        [1, { why: '1' }],
      ]),
    );
    expect(await open.store.runs.getOutputs(uid, [])).to.deep.equal(new Map());
    expect(await open.client.hkeys(keys.run(uid)))
      .to.include.members(['o0', 'o1'])
      .and.not.include('o2');
  });

  it('drops the outputs when the job is retried by hand, until that ends with new ones', async () => {
    const { uid, lease } = await begin({ a: [], b: [] });
    const failed: Outcome = { reason: 'ExitCode', exitCode: 1, outputs: { tag: 'old' } };
    await finish(lease, failed, {}, { closeGraceMs: 1_000 });
    expect(await open.store.transitions.reopen(uid, 0, [])).to.have.property('kind', 'ok');
    expect((await open.store.runs.getOutputs(uid, [0])).size).to.equal(0);
    const again = await claimJob(open.store, uid, 0, { attempt: 2 });
    await finish(again, { ...completed, outputs: { tag: 'new' } }, {});
    expect((await open.store.runs.getOutputs(uid, [0])).get(0)).to.deep.equal({ tag: 'new' });
  });

  it('closes an attempt whose log is stored up to the given length, and leaves it open if less is stored', async () => {
    const { uid, lease } = await begin({ a: [], b: [] });
    const other = await claimJob(open.store, uid, 1);
    const entry = { length: 0, bytes: Buffer.from('a line\n'), position: '1', end: false };
    for (const each of [lease, other]) await open.store.transitions.appendLog(each, entry);
    const whole = { closeGraceMs: 1_000 };
    expect(await finish(lease, completed, {}, { ...whole, logLength: 7 })).to.eql({ kind: 'ok', fused: [] });
    expect(await finish(other, completed, {}, { ...whole, logLength: 9 })).to.eql({
      kind: 'ok',
      fused: [],
      open: true,
    });
    const closed = async (index: number) => (await open.store.runs.listAttempts(uid, index))[0]?.phases.closedAt;
    expect([await closed(0), await closed(1)].map((at) => at === undefined)).to.eql([false, true]);
    expect(await statuses(uid)).to.eql(['SUCCESSFUL Completed', 'SUCCESSFUL Completed']);
    expect(await open.store.logs.read(uid, 1, 1, { offset: 0, maxBytes: 100 })).to.include({ ended: false });
  });

  it('is refused as stale on a repeat, with an older epoch, or from another owner', async () => {
    const { uid, lease } = await begin({ a: [], b: [] });
    expect(await finish({ ...lease, epoch: 0 }, completed, {})).to.eql({ kind: 'stale' });
    expect(await finish({ ...lease, owner: 'other' }, completed, {})).to.eql({ kind: 'stale' });
    expect(await finish({ ...lease, attempt: 2 }, completed, {})).to.eql({ kind: 'stale' });
    expect(await finish({ ...lease, run: '01990000-0000-7000-8000-00000000dead' }, completed, {})).to.eql({
      kind: 'stale',
    });
    await finish(lease, completed, {});
    expect(await finish(lease, { reason: 'ExitCode', exitCode: 1 }, {})).to.eql({ kind: 'stale' });
    expect((await statuses(uid))[0]).to.equal('SUCCESSFUL Completed');
  });

  describe('under requests (see Causes)', () => {
    for (const [requests, expected] of [
      [[], 'FAILED ExitCode'],
      [['cancel'], 'CANCELED CanceledByUser'],
      [['timeout'], 'CANCELED RunTimedOut'],
      [['cancel', 'timeout'], 'CANCELED CanceledByUser'],
      [['timeout', 'cancel'], 'CANCELED RunTimedOut'],
    ] as const) {
      it(`is ${expected} after ${requests.join(', then ') || 'none'}, and keeps the exit code`, async () => {
        const { uid, lease } = await begin({
          a: [],
          b: [{ job: 'a', conditions: { success: true, failure: true, skipped: true } }],
        });
        for (const request of requests) await askToEnd(open, uid, request);
        await finish(lease, { reason: 'ExitCode', exitCode: 3 }, {}, { fuse: { ttlMs: 60_000, atMost: 1 } });
        expect((await statuses(uid))[0]).to.equal(expected);
        expect((await open.store.runs.listAttempts(uid, 0))[0]).to.include({ exitCode: 3 });
        if (requests.length === 0) return;
        expect((await statuses(uid))[1]).to.equal(expected);
        expect((await open.store.runs.getRun(uid))?.status).to.equal('CANCELED');
      });
    }

    it('keeps no outputs of a canceled job', async () => {
      const { uid, lease } = await begin({ a: [] });
      await askToEnd(open, uid);
      await finish(lease, { ...completed, outputs: { tag: 'x' } }, {});
      expect((await open.store.runs.getOutputs(uid, [0])).size).to.equal(0);
    });

    it('is CANCELED even when the job succeeded', async () => {
      const { uid, lease } = await begin({ a: [] });
      await askToEnd(open, uid);
      await finish(lease, completed, {});
      expect(await statuses(uid)).to.eql(['CANCELED CanceledByUser']);
    });
  });

  it('does not fail the run if the failure is allowed', async () => {
    const { uid, lease } = await begin({ a: { allowFailure: true } });
    await finish(lease, { reason: 'Signal', exitCode: 137 }, {});
    expect(await statuses(uid)).to.eql(['FAILED Signal']);
    expect((await open.store.runs.getRun(uid))?.status).to.equal('SUCCESSFUL');
  });
});

describe('a change of a running attempt', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  it('is stored with its phases, and has one event', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, uid, 0);
    const cursor = await open.store.events.lastCursor();
    expect(await open.store.transitions.report(lease, 'PullingImage', 'Pulls busybox.', { scheduledMs: 5 })).to.be.true;
    expect(await open.store.transitions.report(lease, 'PullingImage', 'Pulls busybox.', {})).to.be.true;
    expect(await open.store.runs.findJob(uid, 'a')).to.include({ reason: 'PullingImage', message: 'Pulls busybox.' });
    const { events } = await open.store.events.readEvents(cursor, 10);
    expect(events).to.have.length(1);
    expect(events[0]).to.include({ kind: 'job.reason', job: 'a', reason: 'PullingImage', message: 'Pulls busybox.' });
    const [attempt] = await open.store.runs.listAttempts(uid, 0);
    expect(attempt?.phases.scheduledAt).to.be.a('number');
  });

  it('is refused without the lease and after the end', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, uid, 0);
    expect(await open.store.transitions.report({ ...lease, owner: 'other' }, 'Executing', '', {})).to.be.false;
    await open.store.transitions.finish(lease, completed, {});
    expect(await open.store.transitions.report(lease, 'Executing', '', {})).to.be.false;
  });
});

import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { countLeases } from '@chainr/testkit/count-leases';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { askToEnd } from '@chainr/testkit/ask-to-end';
import { completed } from '@chainr/testkit/outcomes';
import type { Outcome, OutcomeReason } from '../../../src/engine/outcome.js';
import { reasonTable } from '../../../src/engine/reasons.js';
import { keys, type Lease } from '../../../src/store/redis/keys.js';

const graceMs = 60_000;
const lost: Outcome = { reason: 'Lost', message: 'Nothing of it was found.' };

describe('an attempt that was lost to infrastructure', () => {
  let open: OpenStore;
  /** By how much the clock of the scripts is ahead. */
  let offsetMs: number;
  beforeEach(async () => {
    open = await openStore();
    offsetMs = 0;
  });
  afterEach(() => open.close());

  const retry = (lease: Lease, outcome: Outcome = lost) =>
    open.store.transitions.retry(lease, outcome, { startedMs: 10 }, { removalGraceMs: graceMs });
  const claim = (run: string, attempt = 1) => claimJob(open.store, run, 0, { attempt });
  const jobOf = (run: string) => open.store.runs.findJob(run, 'a');
  const expire = async () => (await open.store.transitions.expire()).due;
  const forward = (ms: number) => setClock(open.redis.url, (offsetMs += ms));
  /** When the backoff ends: the time of Redis, in milliseconds since 1970. */
  const backoffEnd = async (run: string, attempt: number) =>
    Number(await open.client.zscore(keys.deadlines, `${run}.0.${String(attempt)}.b`));

  async function begin(): Promise<{ run: string; lease: Lease }> {
    const run = await open.create(pipelineOf({ a: [], b: ['a'] }));
    const lease = await claim(run);
    open.inbox.take(run);
    return { run, lease };
  }

  it('keeps where each of its attempts ran, until its run is deleted', async () => {
    const runtimeOf = (pod: string) => ({ pod, node: 'node1', containers: [], events: [] });
    const { run, lease } = await begin();
    expect(await retry(lease, { ...lost, runtime: runtimeOf('ns/first') })).to.equal('ok');
    expect((await open.store.runs.listAttempts(run, 0)).map(({ runtime }) => runtime?.pod)).to.deep.equal(['ns/first']);
    await forward(1_000);
    await expire();
    const second = await claim(run, 2);
    const told = await open.store.runs.listAttempts(run, 0);
    expect(told.map(({ runtime }) => runtime)).to.deep.equal([runtimeOf('ns/first'), undefined]);
    await open.store.transitions.finish(second, { ...completed, runtime: runtimeOf('ns/second') }, {});
    const attempts = await open.store.runs.listAttempts(run, 0);
    expect(attempts.map(({ runtime }) => runtime)).to.deep.equal([runtimeOf('ns/first'), runtimeOf('ns/second')]);
    expect(await open.client.exists(keys.attempts(run))).to.equal(1);
  });

  it('is retried three times, after 1, 10 and 60 s, and the fourth loss is final', async () => {
    const { run, lease: first } = await begin();
    let lease = first;
    for (const [losses, backoffMs] of [1_000, 10_000, 60_000].entries()) {
      expect(await retry(lease)).to.equal('ok');
      const next = losses + 2;
      const ended = (await open.store.runs.listAttempts(run, 0)).at(-1)?.phases.endedAt ?? 0;
      expect((await backoffEnd(run, next)) - ended, 'to the millisecond').to.equal(backoffMs);
      expect(await expire()).to.equal(0);
      expect(open.inbox.take(run)).to.eql([]);
      await forward(backoffMs);
      expect(await expire()).to.equal(1);
      expect(open.inbox.take(run)).to.eql([`${run}.0.${String(next)}`]);
      lease = await claim(run, next);
    }
    expect(await retry(lease)).to.equal('final');
    expect(await jobOf(run)).to.include({ status: 'RUNNING', attempt: 4 });
    await open.store.transitions.finish(lease, lost, {});
    expect(await jobOf(run)).to.include({ status: 'FAILED', reason: 'Lost', message: lost.message, attempt: 4 });
    expect((await open.store.runs.listAttempts(run, 0)).map(({ status }) => status)).to.eql(
      Array.from({ length: 4 }, () => 'FAILED'),
    );
    expect((await open.store.runs.getRun(run))?.status).to.equal('FAILED');
  });

  it('does not use up its budget by being given back', async () => {
    const { run, lease } = await begin();
    await retry(lease);
    await forward(1_000);
    await expire();
    await open.store.transitions.requeue(await claim(run, 2), 'Interrupted', '', { removalGraceMs: graceMs });
    expect(await retry(await claim(run, 3))).to.equal('ok');
    expect((await jobOf(run))?.message).to.include('the next one starts in 10s, loss 2 of 3');
  });

  it('is not claimed during the backoff, nor handed out again', async () => {
    const { run, lease } = await begin();
    await retry(lease);
    const by = { owner: 'owner', executor: lease.index, ttlMs: 6_000 };
    expect(await open.store.transitions.claim({ run, index: 0, attempt: 2 }, by)).to.equal('waiting');
    expect(await open.store.transitions.claim({ run, index: 0, attempt: 1 }, by)).to.equal('waiting');
    expect(await open.store.transitions.redeliver('fake', [`${run}.0.2`, `${run}.0.1`])).to.equal(0);
    expect(open.inbox.take(run)).to.eql([]);
    expect(await open.client.zcard(keys.marks('fake'))).to.equal(0);
    expect(await jobOf(run)).to.include({ status: 'PENDING', reason: 'RetryBackoff', attempt: 1 });
  });

  it('can be handed out again after its backoff', async () => {
    const { run, lease } = await begin();
    await retry(lease);
    await forward(1_000);
    await expire();
    open.inbox.take(run);
    expect(await open.store.transitions.redeliver('fake', [`${run}.0.2`])).to.equal(1);
    expect(open.inbox.take(run)).to.eql([`${run}.0.2`]);
  });

  it('stays in the list of attempts as it ended, with its log', async () => {
    const { run, lease } = await begin();
    const bytes = Buffer.from('100 main o first\n');
    await open.store.transitions.appendLog(lease, { length: 0, bytes, position: '1', end: true });
    const steps = [{ name: 'main', exitCode: 137 }];
    await retry(lease, { reason: 'Evicted', exitCode: 137, message: 'The node is full.', steps });
    await forward(1_000);
    await expire();
    await claim(run, 2);
    const [first, second] = await open.store.runs.listAttempts(run, 0);
    expect(first).to.deep.include({
      attempt: 1,
      status: 'FAILED',
      reason: 'Evicted',
      exitCode: 137,
      message: 'The node is full.',
      steps,
      executorId: testExecutor,
    });
    expect(first?.phases).to.include.keys('claimedAt', 'startedAt', 'endedAt', 'closedAt');
    expect(second).to.include({ attempt: 2, status: 'RUNNING', reason: 'Starting' });
    expect(second).to.not.have.any.keys('exitCode', 'steps');
    expect(second?.phases).to.not.have.any.keys('startedAt', 'endedAt', 'closedAt');
    const log = { offset: 0, maxBytes: 1_000 };
    expect((await open.store.logs.read(run, 0, 1, log))?.bytes)
      .to.have.property('length')
      .above(0);
    expect((await open.store.logs.read(run, 0, 2, log))?.bytes).to.have.length(0);
  });

  it('gives up its lease, and its remains stay for the removal grace', async () => {
    const { run, lease } = await begin();
    await retry(lease);
    expect(await countLeases(open.client)).to.equal(0);
    const executor = await open.store.executors.register(testExecutor, 'fake');
    expect(await open.store.remains.isDue(executor, { run, index: 0, attempt: 1 })).to.be.true;
    expect(await open.store.remains.listDue(executor, 10)).to.eql([]);
    await forward(graceMs);
    const [due] = await open.store.remains.listDue(executor, 10);
    expect(due).to.include({ run, index: 0, attempt: 1, job: 'a' });
  });

  it('emits one event per step', async () => {
    const { run, lease } = await begin();
    const cursor = await open.store.events.lastCursor();
    await retry(lease);
    await forward(1_000);
    await expire();
    await claim(run, 2);
    const { events } = await open.store.events.readEvents(cursor, 10);
    const lines = events.map((event) =>
      event.kind === 'job.status' || event.kind === 'job.reason'
        ? [event.kind, event.attempt, event.status, event.reason, event.message]
        : [event.kind],
    );
    const sentence = 'Attempt 1 was lost (Lost); the next one starts in 1s, loss 1 of 3 that are made good.';
    expect(lines).to.eql([
      ['job.status', 1, 'PENDING', 'RetryBackoff', sentence],
      ['job.reason', 1, 'PENDING', 'Queued', reasonTable.Queued.message],
      ['job.status', 2, 'RUNNING', 'Starting', reasonTable.Starting.message],
    ]);
  });

  it('keeps its run open and its dependents waiting', async () => {
    const { run, lease } = await begin();
    await retry(lease);
    expect(await open.store.runs.findJob(run, 'b')).to.include({ reason: 'WaitingForDependencies' });
    expect(await open.store.runs.getRun(run)).to.deep.include({ status: 'RUNNING' });
    await forward(1_000);
    await expire();
    await open.store.transitions.finish(await claim(run, 2), completed, {});
    expect(await open.store.runs.findJob(run, 'b')).to.include({ reason: 'Queued' });
  });

  it('is refused as stale without the lease, on a repeat, and after the end', async () => {
    const { run, lease } = await begin();
    expect(await retry({ ...lease, owner: 'other' })).to.equal('stale');
    expect(await retry({ ...lease, epoch: lease.epoch + 1 })).to.equal('stale');
    expect(await retry(lease)).to.equal('ok');
    expect(await retry(lease)).to.equal('stale');
    await forward(1_000);
    await expire();
    const next = await claim(run, 2);
    await open.store.transitions.finish(next, lost, {});
    expect(await retry(next)).to.equal('stale');
    expect(await retry({ ...lease, run: '01990000-0000-7000-8000-00000000dead' })).to.equal('stale');
  });

  it('is final after a cancel and after the timeout of its run', async () => {
    for (const request of ['cancel', 'timeout'] as const) {
      const { run, lease } = await begin();
      await askToEnd(open, run, request);
      expect(await retry(lease)).to.equal('final');
      expect(await jobOf(run)).to.include({ status: 'RUNNING', attempt: 1 });
    }
  });

  describe('is retried', () => {
    const outcomes: readonly OutcomeReason[] = [
      ...(['Lost', 'Deleted', 'Evicted', 'Preempted', 'NodeLost', 'RegistryError'] as const),
      ...(['ExitCode', 'Signal', 'OutOfMemory', 'TimedOut', 'Completed'] as const),
      ...(['ConfigError', 'ImagePullFailed', 'PendingTimedOut'] as const),
    ];
    for (const reason of outcomes) {
      const isMadeGood = reasonTable[reason].budget === 'infrastructure';
      it(`${isMadeGood ? 'when' : 'never when'} it is ${reason}`, async () => {
        const { lease } = await begin();
        expect(await retry(lease, { reason })).to.equal(isMadeGood ? 'ok' : 'final');
      });
    }
  });

  it('does not start again once its run is ending', async () => {
    const { run, lease } = await begin();
    await retry(lease);
    await askToEnd(open, run);
    await forward(1_000);
    await expire();
    const by = { owner: 'owner', executor: 1, ttlMs: 6_000 };
    expect(await open.store.transitions.claim({ run, index: 0, attempt: 2 }, by)).to.equal('final');
  });
});

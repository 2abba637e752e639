import { expect } from 'chai';
import { countLeases } from '@chainr/testkit/count-leases';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { askToEnd } from '@chainr/testkit/ask-to-end';
import { completed } from '@chainr/testkit/outcomes';
import { keys, type Lease } from '../../../src/store/redis/keys.js';

const noBytes = Buffer.alloc(0);
const graceMs = 60_000;

describe('giving an attempt back', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const requeue = (lease: Lease) =>
    open.store.transitions.requeue(lease, 'Interrupted', 'The worker stopped.', { removalGraceMs: graceMs });

  it('makes the next attempt ready, and keeps the one before', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, uid, 0);
    open.inbox.take(uid);
    expect(await requeue(lease)).to.equal('ok');
    expect(open.inbox.take(uid)).to.eql([`${uid}.0.2`]);
    expect(await countLeases(open.client)).to.equal(0);
    expect(await open.store.runs.findJob(uid, 'a')).to.include({
      status: 'PENDING',
      reason: 'Interrupted',
      message: 'The worker stopped.',
      attempt: 1,
    });
    const next = await claimJob(open.store, uid, 0, { attempt: 2 });
    expect(next.epoch).to.be.above(lease.epoch);
    const attempts = await open.store.runs.listAttempts(uid, 0);
    expect(attempts.map(({ attempt, reason }) => [attempt, reason])).to.eql([
      [1, 'Interrupted'],
      [2, 'Starting'],
    ]);
    expect(attempts[0]?.phases).to.include.keys('claimedAt', 'endedAt', 'closedAt');
  });

  it('refuses reports for the attempt before', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, uid, 0);
    await requeue(lease);
    await claimJob(open.store, uid, 0, { attempt: 2 });
    const { transitions } = open.store;
    expect(await requeue(lease)).to.equal('stale');
    expect(await transitions.finish(lease, { reason: 'Completed', exitCode: 0 }, {})).to.eql({ kind: 'stale' });
    const entry = { length: 0, bytes: Buffer.from('x\n'), position: '2', end: false };
    expect(await transitions.appendLog(lease, entry)).to.eql({ kind: 'stale' });
    expect(await transitions.close(lease, graceMs)).to.equal('stale');
    expect((await open.store.runs.findJob(uid, 'a'))?.status).to.equal('RUNNING');
  });

  it('is refused as stale without the lease and after the end', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, uid, 0);
    expect(await requeue({ ...lease, owner: 'other' })).to.equal('stale');
    await open.store.transitions.finish(lease, completed, {});
    expect(await requeue(lease)).to.equal('stale');
  });

  it('is refused as final if the run is ending', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, uid, 0);
    await askToEnd(open, uid);
    expect(await requeue(lease)).to.equal('final');
  });
});

describe('an attempt that another one follows', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const line = Buffer.from('100 main o first\n');
  const ways: Record<string, (lease: Lease, logLength: number) => Promise<string>> = {
    'given back': (lease, logLength) =>
      open.store.transitions.requeue(lease, 'Interrupted', '', { removalGraceMs: graceMs, logLength }),
    lost: (lease, logLength) =>
      open.store.transitions.retry(lease, { reason: 'Lost' }, {}, { removalGraceMs: graceMs, logLength }),
  };
  async function hold(): Promise<Lease> {
    const lease = await claimJob(open.store, await open.create(pipelineOf({ a: [] })), 0);
    await open.store.transitions.appendLog(lease, { length: 0, bytes: line, position: '1', end: false });
    return lease;
  }

  for (const [what, over] of Object.entries(ways)) {
    it(`has its log ended, also for followers, if it is ${what}`, async () => {
      const lease = await hold();
      const follower = open.store.logs.follow(lease.run, 0, 1, { offset: line.length }, new AbortController().signal);
      const page = follower.next();
      expect(await over(lease, line.length)).to.equal('ok');
      expect((await page).value).to.deep.include({ bytes: Buffer.alloc(0), ended: true });
      expect(await open.store.logs.read(lease.run, 0, 1, { offset: 0, maxBytes: 100 })).to.include({ ended: true });
    });

    it(`is left unchanged if it is ${what} and Redis has lost some of its log`, async () => {
      const lease = await hold();
      expect(await over(lease, line.length + 1)).to.equal('log-lost');
      expect(await open.store.runs.findJob(lease.run, 'a')).to.include({ status: 'RUNNING', attempt: 1 });
      const entry = { length: line.length, bytes: Buffer.from('x'), position: '2', end: false };
      expect(await open.store.transitions.appendLog(lease, entry), 'it is stored again').to.include({ kind: 'ok' });
      expect(await over(lease, line.length + 1)).to.equal('ok');
    });
  }
});

describe('closing an attempt', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const close = (lease: Lease) => open.store.transitions.close(lease, graceMs);
  const endLog = (lease: Lease) =>
    open.store.transitions.appendLog(lease, { length: 0, bytes: noBytes, position: '', end: true });
  const finish = (lease: Lease) => open.store.transitions.finish(lease, completed, {});

  it('is refused as open until the attempt has ended and its log has its end mark', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: [] }));
    const [a, b] = [await claimJob(open.store, uid, 0), await claimJob(open.store, uid, 1)];
    expect(await close(a)).to.equal('open');
    await finish(a);
    expect(await close(a)).to.equal('open');
    await endLog(b);
    expect(await close(b)).to.equal('open');
    await endLog(a);
    await finish(b);
    expect([await close(a), await close(b)]).to.eql(['ok', 'ok']);
    expect(await countLeases(open.client)).to.equal(0);
  });

  it('happens with the end if all of the log is stored, and ends the log for its followers', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, uid, 0);
    const page = open.store.logs.follow(uid, 0, 1, { offset: 0 }, new AbortController().signal).next();
    expect(await open.store.transitions.finish(lease, completed, {}, { closeGraceMs: graceMs })).to.eql({
      kind: 'ok',
      fused: [],
    });
    expect((await page).value).to.deep.include({ bytes: Buffer.alloc(0), ended: true });
    expect(await countLeases(open.client)).to.equal(0);
    expect(await endLog(lease)).to.eql({ kind: 'stale' });
    expect(await close(lease)).to.equal('ok');
    const [attempt] = await open.store.runs.listAttempts(uid, 0);
    expect(attempt?.phases.closedAt).to.equal(attempt?.phases.endedAt);
    const executor = await open.store.executors.register(testExecutor, 'fake');
    expect(await open.client.zrange(keys.due(executor), 0, '-1')).to.include(`${uid}.0.1`);
  });

  it('can be repeated, and is refused as stale without the lease', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, uid, 0);
    await finish(lease);
    await endLog(lease);
    expect(await close({ ...lease, owner: 'other' })).to.equal('stale');
    expect(await close(lease)).to.equal('ok');
    const [first] = await open.store.runs.listAttempts(uid, 0);
    await setClock(open.redis.url, 5_000);
    expect(await close(lease)).to.equal('ok');
    await setClock(open.redis.url, 0);
    expect((await open.store.runs.listAttempts(uid, 0))[0]?.phases).to.eql(first?.phases);
  });

  it('makes the remains due after the grace, not before', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, uid, 0);
    await finish(lease);
    await endLog(lease);
    await close(lease);
    const executor = await open.store.executors.register(testExecutor, 'fake');
    const dueOfRun = async () => (await open.store.remains.listDue(executor, 100)).filter(({ run }) => run === uid);
    expect(await dueOfRun()).to.eql([]);
    await setClock(open.redis.url, graceMs);
    const [due] = await dueOfRun();
    expect(due).to.include({ run: uid, index: 0, attempt: 1, job: 'a' });
    expect(due?.overdueMs).to.be.within(0, graceMs);
    await open.store.remains.forgetDue(executor, lease);
    expect(await dueOfRun()).to.eql([]);
    await setClock(open.redis.url, 0);
  });
});

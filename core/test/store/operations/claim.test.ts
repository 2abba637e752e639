import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { askToEnd } from '@chainr/testkit/ask-to-end';
import { setClock } from '@chainr/testkit/clock';
import { completed } from '@chainr/testkit/outcomes';
import { formatLease, keys } from '../../../src/store/redis/keys.js';

const by = { owner: 'worker', executor: 7, ttlMs: 60_000 };

describe('claiming an attempt', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const claim = (run: string, index: number, attempt = 1) => open.store.transitions.claim({ run, index, attempt }, by);

  it('gives a lease and everything that a worker needs to run the attempt', async () => {
    const pipeline = pipelineOf({ first: { run: 'echo hi' }, second: ['first'] });
    const uid = await open.create({ ...pipeline, metadata: { name: 'nightly', labels: {} } });
    const claimed = await claim(uid, 0);
    if (typeof claimed === 'string') expect.fail(claimed);
    expect(claimed.lease).to.eql({ run: uid, index: 0, attempt: 1, epoch: 1, owner: 'worker' });
    expect(claimed.job).to.equal('first');
    expect(JSON.parse(claimed.plan)).to.have.nested.property('steps[0].run', 'echo hi');
    expect(JSON.parse(claimed.info)).to.include({ name: 'nightly' });
    expect(await open.client.zrange(keys.leases(by.executor), 0, '-1')).to.eql([formatLease(claimed.lease)]);
    expect((await open.store.runs.getRun(uid))?.status).to.equal('RUNNING');
    expect(await open.store.runs.findJob(uid, 'first')).to.include({
      status: 'RUNNING',
      reason: 'Starting',
      attempt: 1,
    });
    expect(await open.client.zrange(keys.marks('fake'), 0, '-1')).not.to.include(`${uid}.0.1`);
  });

  it('says how long the attempt had been ready', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: [] }));
    const early = await claim(uid, 0);
    await setClock(open.redis.url, 70_000);
    const late = await claim(uid, 1);
    await setClock(open.redis.url, 0);
    if (typeof early === 'string' || typeof late === 'string') expect.fail('a claim was refused');
    expect([early.claimedMs, late.claimedMs]).to.eql([0, 0]);
    expect(early.waitedMs).to.be.lessThan(60_000);
    expect(late.waitedMs).to.be.within(70_000, 130_000);
  });

  it('gives every claim what the jobs of its run share, also if one call has several claims', async () => {
    const shared = { env: { GREETING: 'hi' }, kubernetes: { namespace: 'builds' } };
    const uid = await open.create({ ...pipelineOf({ a: [], b: [], c: [] }), ...shared });
    const claims = await Promise.all([claim(uid, 0), claim(uid, 1)]);
    claims.push(await claim(uid, 2));
    for (const claimed of claims) {
      if (typeof claimed === 'string') expect.fail(claimed);
      expect(JSON.parse(claimed.info)).to.deep.include(shared);
    }
  });

  it('is refused as gone for a run or job that does not exist', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    expect(await claim('01990000-0000-7000-8000-00000000dead', 0)).to.equal('gone');
    expect(await claim(uid, 5)).to.equal('gone');
  });

  it('is refused as taken while another worker holds it', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const both = await Promise.all([claim(uid, 0), claim(uid, 0)]);
    expect(both.map((each) => (typeof each === 'string' ? each : 'ok'))).to.eql(['ok', 'taken']);
  });

  it('is refused as final after its end', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: [] }));
    await open.store.transitions.finish(await claimJob(open.store, uid, 0), completed, {});
    expect(await claim(uid, 0)).to.equal('final');
  });

  it('is refused as waiting while its edges are open', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: ['a'] }));
    expect(await claim(uid, 1)).to.equal('waiting');
  });

  it('is refused as stale for any attempt but the next', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    expect(await claim(uid, 0, 2)).to.equal('stale');
    await open.store.transitions.requeue(await claimJob(open.store, uid, 0), 'Interrupted', '', {
      removalGraceMs: 1_000,
    });
    expect(await claim(uid, 0, 1)).to.equal('stale');
  });

  for (const request of ['cancel', 'timeout'] as const) {
    it(`is refused after the ${request} of its run, which ends it`, async () => {
      const uid = await open.create(pipelineOf({ a: [] }));
      await askToEnd(open, uid, request);
      expect(await claim(uid, 0)).to.equal('final');
    });
  }

  it('is refused as paused while the instance is paused, and the handed-out job waits', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: ['a'] }));
    await open.client.set(keys.paused, '1');
    expect(await claim(uid, 0)).to.equal('paused');
    expect(await open.client.zrange(keys.marks('fake'), 0, '-1')).to.include(`${uid}.0.1`);
    await open.client.del(keys.paused);
    const lease = await claimJob(open.store, uid, 0);
    await open.client.set(keys.paused, '1');
    const fuse = { ttlMs: 60_000, atMost: 3 };
    const ended = await open.store.transitions.finish(lease, completed, {}, { fuse });
    expect(ended, 'nothing comes with an end').to.eql({ kind: 'ok', fused: [] });
    expect(await claim(uid, 1)).to.equal('paused');
    await open.client.del(keys.paused);
    expect(await claim(uid, 1)).to.be.an('object');
  });

  it('is parked if no slot is free after all, and handed out again when one is', async () => {
    const uid = await open.create({ ...pipelineOf({ a: { priority: 5 }, b: [], c: [] }), maxParallel: 2 });
    const lease = await claimJob(open.store, uid, 1);
    open.inbox.take(uid);
    const before = await open.store.events.lastCursor();
    await open.client.zadd(keys.slots(uid), 1, '2'); // As if another job had taken the slot meanwhile.
    expect(await claim(uid, 0)).to.equal('parked');
    expect(await open.store.runs.findJob(uid, 'a')).to.include({ status: 'PENDING', reason: 'WaitingForSlot' });
    expect(await open.client.zrange(keys.marks('fake'), 0, '-1')).to.not.include(`${uid}.0.1`);
    const { events } = await open.store.events.readEvents(before, 10);
    expect(events.map((event) => ('job' in event ? `${event.job} ${event.kind} ${event.reason}` : event.kind))).to.eql([
      'a job.reason WaitingForSlot',
    ]);
    expect(await claim(uid, 0), 'a second time it waits').to.equal('waiting');
    expect(open.inbox.take(uid), 'and does not spin').to.eql([]);
    await open.store.transitions.finish(lease, completed, {});
    expect(open.inbox.take(uid)).to.eql([`${uid}.0.1`]);
  });

  it('is parked, and keeps its mark if the same call finds a slot for it', async () => {
    const uid = await open.create({ ...pipelineOf({ a: { priority: 5 }, b: [], c: [] }), maxParallel: 2 });
    const lease = await claimJob(open.store, uid, 1);
    open.inbox.take(uid);
    await open.client.zadd(keys.slots(uid), 1, '2');
    const ending = completed;
    const [claimed] = await Promise.all([claim(uid, 0), open.store.transitions.finish(lease, ending, {})]);
    expect(claimed).to.equal('parked');
    expect(open.inbox.take(uid)).to.eql([`${uid}.0.1`]);
    expect(await open.client.zrange(keys.marks('fake'), 0, '-1')).to.include(`${uid}.0.1`);
  });
});

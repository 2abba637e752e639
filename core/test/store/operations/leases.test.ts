import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { setClock } from '@chainr/testkit/clock';
import { openLeases, type OpenLeases } from '@chainr/testkit/open-leases';
import { openStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { formatLease } from '../../../src/store/redis/keys.js';

describe('leases', () => {
  let open: OpenLeases;
  before(async () => {
    open = await openLeases();
  });
  after(() => open.close());
  afterEach(() => setClock(open.redis.url, 0));

  describe('renewal', () => {
    it('keeps a lease from expiring', async () => {
      const lease = await open.hold();
      await setClock(open.redis.url, 5_000);
      expect(await open.renew(lease)).to.eql({ lost: [], stops: [] });
      await setClock(open.redis.url, 10_000);
      expect(await open.adopt(lease)).to.equal('held');
    });

    it('renews an expired lease that nobody took', async () => {
      const lease = await open.hold();
      await setClock(open.redis.url, 60_000);
      expect(await open.renew(lease)).to.eql({ lost: [], stops: [] });
      expect(await open.adopt(lease)).to.equal('held');
    });

    it('names exactly the leases that are lost', async () => {
      const [kept, taken] = [await open.hold(), await open.hold()];
      await open.adopt(taken, { ownerGone: true });
      const unknown = { ...kept, epoch: 77 };
      expect((await open.renew(taken, kept, unknown)).lost).to.have.members([formatLease(taken), formatLease(unknown)]);
    });

    it('of no lease returns nothing', async () => {
      expect(await open.renew()).to.eql({ lost: [], stops: [] });
    });
  });

  describe('adoption', () => {
    it('is refused while the lease has not expired', async () => {
      expect(await open.adopt(await open.hold())).to.equal('held');
    });

    it('takes an expired lease, and reports of the old owner are refused', async () => {
      const lease = await open.hold();
      const entry = { length: 0, bytes: Buffer.from('abc\n'), position: 'byte 4', end: false };
      await open.store.transitions.appendLog(lease, entry);
      await setClock(open.redis.url, 6_001);
      const adopted = await open.adopt(lease);
      if (typeof adopted === 'string') expect.fail(adopted);
      expect(adopted).to.deep.include({ job: 'a', ended: false, logEnded: false, logLength: 4, position: 'byte 4' });
      expect(adopted.claimedMs, 'since its claim').to.be.within(6_001, 60_000);
      expect(adopted.lease).to.eql({ ...lease, epoch: lease.epoch + 1, owner: 'heir' });
      expect(JSON.parse(adopted.info)).to.eql({});
      expect(JSON.parse(adopted.plan)).to.have.nested.property('steps[0].run', ':');
      const old = await open.store.transitions.finish(lease, completed, {});
      expect(old).to.eql({ kind: 'stale' });
      expect((await open.renew(lease)).lost).to.eql([formatLease(lease)]);
      const heirs = await open.store.transitions.finish(adopted.lease, completed, {});
      expect(heirs).to.eql({ kind: 'ok', fused: [] });
    });

    it('takes the lease of an owner that is known to be gone at once', async () => {
      expect(await open.adopt(await open.hold(), { ownerGone: true })).to.be.an('object');
    });

    it('takes an ended attempt too, and says whether its log has ended', async () => {
      const lease = await open.hold();
      await open.store.transitions.finish(lease, completed, {});
      const ended = await open.adopt(lease, { ownerGone: true });
      if (typeof ended === 'string') expect.fail(ended);
      expect(ended).to.include({ ended: true, logEnded: false });
      const end = { length: 0, bytes: Buffer.alloc(0), position: '', end: true };
      await open.store.transitions.appendLog(ended.lease, end);
      await open.store.transitions.release(open.executor, [ended.lease]);
      expect(await open.adopt(ended.lease, { ownerGone: true })).to.include({ ended: true, logEnded: true });
    });

    it('succeeds for one of two at the same time', async () => {
      const lease = await open.hold();
      const both = await Promise.all([open.adopt(lease, { ownerGone: true }), open.adopt(lease, { ownerGone: true })]);
      expect(both.map((each) => (typeof each === 'string' ? each : 'ok'))).to.have.members(['ok', 'stale']);
    });

    it('is refused as stale on another executor, for an older lease, and after closing', async () => {
      const lease = await open.hold();
      const other = await open.store.executors.register('fake:elsewhere', 'fake');
      expect(await open.adopt(lease, { executor: other, ownerGone: true })).to.equal('stale');
      expect(await open.adopt({ ...lease, epoch: lease.epoch - 1 }, { ownerGone: true })).to.equal('stale');
      await open.store.transitions.finish(lease, completed, {});
      const end = { length: 0, bytes: Buffer.alloc(0), position: '', end: true };
      await open.store.transitions.appendLog(lease, end);
      await open.store.transitions.close(lease, 1_000);
      expect(await open.adopt(lease, { ownerGone: true })).to.equal('stale');
    });
  });

  it('are listed by the executor that they were claimed for', async () => {
    const fresh = await openStore();
    try {
      const uid = await fresh.create(
        pipelineOf(Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`j${at}`, []]))),
      );
      const mine = await fresh.store.executors.register('fake:mine', 'fake');
      const yours = await fresh.store.executors.register('fake:yours', 'fake');
      const claims = Array.from({ length: 600 }, (_, index) => {
        const by = { owner: 'owner', executor: index % 2 ? mine : yours, ttlMs: 6_000 };
        return fresh.store.transitions.claim({ run: uid, index, attempt: 1 }, by);
      });
      await Promise.all(claims);
      const listed = await fresh.store.leases.list(mine);
      expect(listed).to.have.length(300);
      expect(listed.every(({ index }) => index % 2 === 1)).to.be.true;
      expect(await fresh.store.executors.register('fake:mine', 'fake')).to.equal(mine);
    } finally {
      await fresh.close();
    }
  });
});

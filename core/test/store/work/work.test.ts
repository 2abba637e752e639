import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openLeases, type OpenLeases } from '@chainr/testkit/open-leases';
import { completed } from '@chainr/testkit/outcomes';
import { untilFound } from '@chainr/testkit/until-found';
import { formatAttemptId, type Lease } from '../../../src/store/redis/keys.js';

describe('what workers and sweeps read', () => {
  let open: OpenLeases;
  before(async () => {
    open = await openLeases();
  });
  after(() => open.close());
  afterEach(() => setClock(open.redis.url, 0));

  describe('the list of expired leases', () => {
    it('has the oldest first, with what is left to do, and no more than the limit', async () => {
      const [first, second, third] = [await open.hold(), await open.hold(), await open.hold()];
      await open.store.transitions.finish(second, completed, {});
      await setClock(open.redis.url, 1_000);
      await open.renew(first);
      await setClock(open.redis.url, 8_000);
      const mine = [first, second, third].map(({ run }) => run);
      const all = await open.store.leases.listExpired(open.executor, 1_000);
      const listed = all.filter(({ lease }) => mine.includes(lease.run));
      expect(listed.map(({ lease, ended }) => ({ lease, ended }))).to.eql([
        { lease: second, ended: true },
        { lease: third, ended: false },
        { lease: first, ended: false },
      ]);
      for (const { overdueMs } of listed) expect(overdueMs).to.be.within(900, 20_000);
      expect(await open.store.leases.listExpired(open.executor, 2)).to.have.length(2);
    });

    it('has no leases of other executors', async () => {
      await open.hold();
      await setClock(open.redis.url, 8_000);
      const other = await open.store.executors.register('fake:none', 'fake');
      expect(await open.store.leases.listExpired(other, 10)).to.eql([]);
    });
  });

  describe('the executors', () => {
    it('are listed with the time at which a worker of each was seen last', async () => {
      const silent = await open.store.executors.register('fake:silent', 'fake');
      await setClock(open.redis.url, 50_000);
      await open.renew();
      const now = await open.store.now();
      const known = await open.store.executors.list();
      expect(known).to.deep.include({ id: 'fake:silent', pool: 'fake', number: silent, seenAt: 0 });
      const seenAt = known.find(({ number }) => number === open.executor)?.seenAt ?? 0;
      expect(now - seenAt).to.be.within(0, 20_000);
    });
  });

  describe('the lookup of an attempt that an executor has found', () => {
    const lookUp = ({ run, index }: Lease, attempt = 1) => open.store.remains.lookUp(run, index, attempt);
    it('finds it open until it is closed', async () => {
      const run = await open.create(pipelineOf({ a: [] }));
      expect(await open.store.remains.lookUp(run, 0, 1)).to.eql({ kind: 'open', claimed: false });
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

    it('finds it over if a later attempt followed', async () => {
      const lease = await open.hold();
      await open.store.transitions.retry(lease, { reason: 'Lost' }, {}, { removalGraceMs: 1_000 });
      expect(await lookUp(lease)).to.eql({ kind: 'over' });
      expect(await lookUp(lease, 2)).to.eql({ kind: 'open', claimed: false });
    });

    it('knows nothing of later attempts, of other jobs and of other runs', async () => {
      const lease = await open.hold();
      const waiting = await open.create(pipelineOf({ a: [], b: ['a'] }));
      expect(await lookUp(lease, 2)).to.eql({ kind: 'unknown' });
      expect(await lookUp({ ...lease, index: 7 })).to.eql({ kind: 'unknown' });
      expect(await lookUp({ ...lease, run: '01990000-0000-7000-8000-00000000dead' })).to.eql({ kind: 'unknown' });
      expect(await open.store.remains.lookUp(waiting, 1, 1), 'never ready').to.eql({ kind: 'unknown' });
      expect(await open.store.remains.lookUp(lease.run, undefined, 1)).to.eql({ kind: 'unknown' });
    });

    it('says whether its remains are due for removal', async () => {
      const lease = await open.hold();
      expect(await open.store.remains.isDue(open.executor, lease)).to.be.false;
      await open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 60_000 });
      expect(await open.store.remains.isDue(open.executor, lease), formatAttemptId(lease)).to.be.true;
      await open.store.remains.forgetDue(open.executor, lease);
      expect(await open.store.remains.isDue(open.executor, lease)).to.be.false;
    });
  });

  describe('a turn', () => {
    const turn = (owner: string, forMs = 60_000) => open.store.turns.take('strays', owner, forMs);

    it('stays with its holder as long as that asks in time', async () => {
      expect(await turn('first')).to.be.true;
      expect(await turn('second')).to.be.false;
      expect(await turn('first', 1)).to.be.true;
      await untilFound('the turn to be free', () => turn('second'));
      expect(await turn('first')).to.be.false;
    });

    it('is held for each task separately', async () => {
      expect(await open.store.turns.take('one', 'first', 60_000)).to.be.true;
      expect(await open.store.turns.take('other', 'second', 60_000)).to.be.true;
    });
  });
});

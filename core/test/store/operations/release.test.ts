import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openLeases, type OpenLeases } from '@chainr/testkit/open-leases';
import { completed } from '@chainr/testkit/outcomes';
import { crashLoop } from '../../../src/engine/retries.js';
import { formatLease, type Lease } from '../../../src/store/redis/keys.js';

describe('a released lease', () => {
  let open: OpenLeases;
  before(async () => {
    open = await openLeases();
  });
  after(() => open.close());
  afterEach(() => setClock(open.redis.url, 0));

  const release = (...leases: Lease[]) => open.store.transitions.release(open.executor, leases);
  const adopt = async (lease: Lease, owner = 'heir') => {
    const adopted = await open.adopt(lease, { owner });
    return typeof adopted === 'string' ? expect.fail(adopted) : adopted;
  };
  const expired = async (run: string) =>
    (await open.store.leases.listExpired(open.executor, 1_000)).filter(({ lease }) => lease.run === run);

  it('can be adopted at once, and the attempt goes on', async () => {
    const lease = await open.hold();
    expect(await expired(lease.run)).to.eql([]);
    expect(await release(lease)).to.equal(1);
    expect(await expired(lease.run)).to.eql([{ lease, ended: false, overdueMs: 0 }]);
    const adopted = await adopt(lease);
    expect(adopted.lease).to.eql({ ...lease, epoch: lease.epoch + 1, owner: 'heir' });
    expect(adopted).to.include({ ended: false }).and.not.have.property('stop');
    expect(await expired(lease.run)).to.eql([]);
    expect(await open.store.transitions.finish(lease, completed, {})).to.eql({ kind: 'stale' });
  });

  it('stays with its owner until it is adopted: reports under way are accepted', async () => {
    const lease = await open.hold();
    await release(lease);
    const entry = { length: 0, bytes: Buffer.from('abc\n'), position: 'byte 4', end: false };
    expect(await open.store.transitions.appendLog(lease, entry)).to.eql({ kind: 'ok', length: 4 });
    expect(await open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 1_000 })).to.include({
      kind: 'ok',
    });
    expect(await expired(lease.run)).to.eql([]);
  });

  it('is held again after a renewal', async () => {
    const lease = await open.hold();
    await release(lease);
    expect(await open.renew(lease)).to.eql({ lost: [], stops: [] });
    expect(await expired(lease.run)).to.eql([]);
    await setClock(open.redis.url, 6_100);
    expect((await adopt(lease)).lease.owner).to.equal('heir');
    expect((await open.renew(lease)).lost).to.eql([formatLease(lease)]);
  });

  it('does not count as a death of a worker, however often it is released', async () => {
    let lease = await open.hold();
    for (let times = 0; times < 3 * crashLoop.deathsMax; times += 1) {
      await release(lease);
      const adopted = await adopt(lease, `owner-${String(times)}`);
      expect(adopted).to.include({ ended: false });
      ({ lease } = adopted);
    }
    expect(await open.store.runs.findJob(lease.run, 'a')).to.include({ status: 'RUNNING', attempt: 1 });
  });

  it('is counted if the worker still held it', async () => {
    const [kept, taken] = [await open.hold(), await open.hold()];
    await open.adopt(taken, { ownerGone: true });
    expect(await release(kept, taken, { ...kept, epoch: 77 })).to.equal(1);
    expect(await expired(taken.run)).to.eql([]);
    expect(await release()).to.equal(0);
  });

  it('can be released again', async () => {
    const lease = await open.hold();
    await release(lease);
    expect(await release(lease)).to.equal(1);
    expect(await expired(lease.run)).to.have.length(1);
  });

  it('is adopted with its end if that is recorded', async () => {
    const lease = await open.hold();
    await open.store.transitions.finish(lease, completed, {});
    await release(lease);
    expect(await expired(lease.run)).to.eql([{ lease, ended: true, overdueMs: 0 }]);
    expect(await adopt(lease)).to.include({ ended: true, logEnded: false });
  });

  it('can be released with more than a thousand others', async () => {
    const count = 1_100;
    const jobs = Object.fromEntries(Array.from({ length: count }, (_, at) => [`j${String(at)}`, []]));
    const run = await open.create(pipelineOf(jobs));
    const leases = await Promise.all(Array.from({ length: count }, (_, index) => claimJob(open.store, run, index)));
    expect(await release(...leases)).to.equal(count);
    expect((await open.store.leases.listExpired(open.executor, 2 * count)).length).to.be.at.least(count);
  });
});

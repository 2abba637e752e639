import { expect } from 'chai';
import type { Lease } from '@chainr/core/store/redis/keys';
import { builtClaim } from './built-claim.js';
import { LeaseLost } from '../src/leases/held-lease.js';
import { LeaseKeeper } from '../src/leases/lease-keeper.js';
import { noHolder, openWorker, type OpenWorker } from './open-worker.js';

const ttlMs = 6_000;

describe('a lease in the hands of a worker', () => {
  let worker: OpenWorker;
  let keeper: LeaseKeeper;
  let lease: Lease;

  before(async () => {
    worker = await openWorker();
  });

  after(() => worker.close());

  beforeEach(async () => {
    keeper = new LeaseKeeper({ ...worker.context, ttlMs, renewEveryMs: 2_000 });
    lease = await builtClaim(worker, 'worker');
  });

  it('lets nothing be written after its deadline, which counts from before the claim was sent', () => {
    const held = keeper.hold(lease, performance.now() - ttlMs + 60_000, noHolder);
    held.guard();
    expect(() => keeper.hold(lease, performance.now() - ttlMs, noHolder).guard()).to.throw(LeaseLost);
  });

  it('lasts longer when it is renewed, counted from before the renewal was sent', async () => {
    const held = keeper.hold(lease, performance.now() - ttlMs, noHolder);
    expect(held.guard).to.throw(LeaseLost);
    await keeper.tick();
    held.guard();

    const brief = new LeaseKeeper({ ...worker.context, ttlMs: 100, renewEveryMs: 50 });
    const late = brief.hold(lease, performance.now(), noHolder);
    await worker.client.call('CLIENT', 'PAUSE', 250, 'WRITE');
    await brief.tick();
    expect(late.gone.aborted, 'the renewal came through').to.equal(false);
    expect(late.guard).to.throw(LeaseLost);
  });

  it('is renewed although it has expired, if nobody took it', async () => {
    const held = keeper.hold(lease, performance.now(), noHolder);
    await worker.forward(10 * ttlMs);
    await keeper.tick();
    expect(held.gone.aborted).to.equal(false);
    await worker.forward(0);
  });

  it('has its holder told why the attempt must stop, once somebody asked for that', async () => {
    const asked: string[] = [];
    keeper.hold(lease, performance.now(), { requestStop: (reason) => asked.push(reason) });
    await keeper.tick();
    expect(asked).to.eql([]);
    await worker.store.transitions.cancel(lease.run);
    await keeper.tick();
    expect(asked).to.eql(['CanceledByUser']);
  });

  it('ends at once when another has taken it', async () => {
    const held = keeper.hold(lease, performance.now(), noHolder);
    const by = { owner: 'other', executor: worker.context.executorNumber(), ttlMs, ownerGone: true };
    expect(await worker.store.transitions.adopt(lease, by)).to.be.an('object');
    await keeper.tick();
    for (const signal of [held.gone, held.abandoned]) expect(signal.reason).to.be.instanceOf(LeaseLost);
    expect(held.guard).to.throw(LeaseLost);
    expect(keeper.size).to.equal(0);
  });

  it('goes on while Redis cannot be asked, until its deadline', async () => {
    const stopped = await openWorker();
    const own = new LeaseKeeper({ ...stopped.context, ttlMs, renewEveryMs: 10 });
    const held = own.hold(await builtClaim(stopped, 'worker'), performance.now(), noHolder);
    await own.start();
    await stopped.redis.stop();
    await own.tick().then(
      () => expect.fail('there was no Redis to renew it'),
      (error: unknown) => expect(error).to.have.property('name', 'StoreUnavailable'),
    );
    held.guard();
    expect(held.gone.aborted).to.equal(false);
    await own.stop();
    await stopped.close();
  });
});

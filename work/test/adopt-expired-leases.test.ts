import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import type { Lease } from '@chainr/core/store/redis/keys';
import { pipelineOf } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { untilFound } from '@chainr/testkit/until-found';
import { builtClaim } from './built-claim.js';
import { adoptExpiredLeases } from '../src/sweeps/adopt-expired-leases.js';
import { closeEndedAttempts } from '../src/sweeps/close-ended-attempts.js';
import { AdoptionHoldOff } from '../src/sweeps/adoption-hold-off.js';
import { noHolder, holding, never, openWorker, type OpenWorker, type WorkerParts } from './open-worker.js';

describe('a lease of a dead worker', () => {
  let worker: OpenWorker;
  let executor: ReturnType<typeof holding>;
  beforeEach(async () => {
    executor = holding();
    worker = await openWorker({}, executor);
  });
  afterEach(() => worker.close());

  const bold = () => new AdoptionHoldOff(worker.store, 0);
  const adopt = async ({ context, runner }: WorkerParts = worker, holdOff = bold()) =>
    (await adoptExpiredLeases(context, runner, holdOff).sweep(never)).changed;
  const close = async () => (await closeEndedAttempts(worker.context, worker.runner, bold()).sweep(never)).changed;
  const holderOf = async (run: RunUid) => {
    const leases = await worker.store.leases.list(worker.context.executorNumber());
    return leases.find((lease) => lease.run === run)?.owner;
  };
  const startHere = ({ run }: Lease) =>
    executor.ensure({ run, job: 'only', attempt: 1, pipeline: '', steps: [] }, () => undefined);

  it('is not taken before it has expired', async () => {
    const lease = await builtClaim(worker, 'dead');
    await worker.forward(3_000);
    expect(await adopt()).to.equal(0);
    expect(await holderOf(lease.run)).to.equal('dead');
  });

  it('is taken when it has, and the attempt goes on', async () => {
    const lease = await builtClaim(worker, 'dead');
    await startHere(lease);
    await worker.forward(8_000);
    const { changed, lagMs } = await adoptExpiredLeases(worker.context, worker.runner, bold()).sweep(never);
    expect(changed).to.equal(1);
    expect(lagMs).to.be.within(1_900, 20_000);
    expect(await holderOf(lease.run)).to.equal('worker');
    executor.end({ run: lease.run, job: 'only', attempt: 1 }, completed);
    expect(await worker.untilJob(lease.run, 'only', 'SUCCESSFUL')).to.include({ attempt: 1 });
    expect(executor.world.startCount).to.equal(1);
  });

  it('is taken before its attempt was started, which starts once', async () => {
    const lease = await builtClaim(worker, 'dead');
    await worker.forward(6_500);
    expect(await adopt()).to.equal(1);
    await untilFound('the start of the attempt', () => executor.world.startCount);
    executor.end({ run: lease.run, job: 'only', attempt: 1 }, completed);
    await worker.untilJob(lease.run, 'only', 'SUCCESSFUL');
    expect(executor.world.startCount).to.equal(1);
  });

  it('is not taken from this worker by itself, which is late to renew it', async () => {
    const lease = await builtClaim(worker, 'worker');
    const held = worker.context.leases.hold(lease, performance.now(), noHolder);
    await worker.forward(60_000);
    expect(await adopt()).to.equal(0);
    worker.context.leases.release(held);
    expect((await worker.store.leases.list(worker.context.executorNumber())).map(({ epoch }) => epoch)).to.eql([
      lease.epoch,
    ]);
  });

  it('is taken by one of those who come by', async () => {
    const lease = await builtClaim(worker, 'dead');
    const others = ['second', 'third'].map((owner) => worker.beside(owner));
    await worker.forward(6_500);
    const counts = await Promise.all([worker, ...others].map((each) => adopt(each)));
    expect(counts.reduce((sum, count) => sum + count)).to.equal(1);
    await untilFound('the start of the attempt', () => executor.world.startCount);
    executor.end({ run: lease.run, job: 'only', attempt: 1 }, completed);
    await worker.untilJob(lease.run, 'only', 'SUCCESSFUL');
    expect(executor.world.startCount).to.equal(1);
  });

  it('is not taken by workers of other executors', async () => {
    const run = await worker.create(pipelineOf({ only: [] }));
    const elsewhere = await worker.store.executors.register('fake:elsewhere', 'fake');
    const by = { owner: 'dead', executor: elsewhere, ttlMs: 6_000 };
    await worker.store.transitions.claim({ run, index: 0, attempt: 1 }, by);
    await worker.forward(60_000);
    expect(await adopt()).to.equal(0);
  });

  it('whose attempt has ended is left for its closing, and starts nothing', async () => {
    const lease = await builtClaim(worker, 'dead');
    await worker.store.transitions.finish(lease, completed, {});
    await worker.forward(6_500);
    expect(await adopt()).to.equal(0);
    expect(await close()).to.equal(1);
    await worker.untilIdle();
    expect((await worker.store.runs.listAttempts(lease.run, 0))[0]?.phases).to.have.property('closedAt');
    expect(executor.world.startCount).to.equal(0);
    expect(await close()).to.equal(0);
  });

  it('whose attempt goes on is not the closing’s', async () => {
    await builtClaim(worker, 'dead');
    await worker.forward(6_500);
    expect(await close()).to.equal(0);
  });

  it('whose workers died soon after they took it, again and again, is stopped and then ended, and its log is read', async () => {
    let lease = await builtClaim(worker, 'dead');
    await startHere(lease);
    const executorNumber = worker.context.executorNumber();
    for (let time = 1; time <= 5; time += 1) {
      await worker.forward(time * 60_000);
      const by = { owner: `dead-${String(time)}`, executor: executorNumber, ttlMs: 6_000, ownerGone: false };
      const adopted = await worker.store.transitions.adopt(lease, by);
      if (typeof adopted === 'string') expect.fail(adopted);
      ({ lease } = adopted);
    }
    await worker.forward(6 * 60_000);
    expect(await adopt()).to.equal(1);
    await worker.untilIdle();
    expect(await worker.store.runs.findJob(lease.run, 'only')).to.include({ reason: 'WorkerCrashed', attempt: 1 });
    expect([...executor.world.attempts.values()].map(({ outcome }) => outcome?.exitCode)).to.eql([143]);
    expect(await worker.logOf(lease.run, 0)).to.eql([]);
    expect((await worker.store.runs.listAttempts(lease.run, 0))[0]?.phases).to.have.property('closedAt');
  });

  describe('while its owner may not have had a chance to renew it', () => {
    it('is not taken: Redis is younger than a lease lasts', async () => {
      await builtClaim(worker, 'dead');
      await worker.forward(60_000);
      expect(await adopt(worker, new AdoptionHoldOff(worker.store, 6_000))).to.equal(0);
      expect(await adopt()).to.equal(1);
    });

    it('is not taken: Redis was away, until a lease’s time after that', async () => {
      const holdOff = new AdoptionHoldOff(worker.store, 1_000);
      await untilFound('the first hold-off to be over', () => holdOff.allows());
      process.kill(worker.redis.pid, 'SIGSTOP');
      let failedAt = Infinity;
      try {
        await holdOff.allows().then(
          () => expect.fail('there was no Redis to ask'),
          (error: unknown) => {
            failedAt = performance.now();
            expect(error).to.have.property('name', 'StoreUnavailable');
          },
        );
      } finally {
        process.kill(worker.redis.pid, 'SIGCONT');
      }
      await untilFound('the second hold-off to be over', () => holdOff.allows().catch(() => false));
      expect(performance.now() - failedAt).to.be.above(999);
    });
  });
});

import { expect } from 'chai';
import type { Outcome } from '@chainr/core/engine/outcome';
import { keys, outputsField, type Lease } from '@chainr/core/store/redis/keys';
import type { Executor } from '@chainr/executor/port';
import { createFakeExecutor, type FakeEnd } from '@chainr/executor/fake/create-fake-executor';
import { completed } from '@chainr/testkit/outcomes';
import { builtClaim } from './built-claim.js';
import { adoptExpiredLeases } from '../src/sweeps/adopt-expired-leases.js';
import { closeEndedAttempts } from '../src/sweeps/close-ended-attempts.js';
import { AdoptionHoldOff } from '../src/sweeps/adoption-hold-off.js';
import { never, openWorker, type OpenWorker } from './open-worker.js';

const ttlMs = 6_000;
const graceMs = 20_000;
/** After this time a lease has expired, and a suspect's delay is over. */
const longAfterMs = 5 * ttlMs + 1;

describe('an attempt that its adopter must stop', () => {
  let worker: OpenWorker;
  let executor: ReturnType<typeof createFakeExecutor>;
  let lease: Lease;
  let deeds: string[];
  let offsetMs: number;
  let decision: FakeEnd;

  beforeEach(async () => {
    deeds = [];
    offsetMs = 0;
    decision = { hold: true, lines: [{ text: 'hello' }] };
    executor = createFakeExecutor({ decide: () => decision });
    const watched: Executor = {
      ...executor,
      ensure: (...args) => (deeds.push('ensure'), executor.ensure(...args)),
      observe: (...args) => (deeds.push('observe'), executor.observe(...args)),
      stop: (key, grace, guard) => (
        deeds.push(`stop ${String(Math.ceil(grace / 1_000))} s`),
        executor.stop(key, grace, guard)
      ),
      logs: async function* (...args) {
        const { status = '' } = (await worker.store.runs.findJob(lease.run, 'only')) ?? {};
        deeds.push(`logs ${status}`);
        yield* executor.logs(...args);
      },
    };
    worker = await openWorker({ stopGraceMs: graceMs }, watched);
    lease = await builtClaim(worker, 'dead');
  });
  afterEach(() => worker.close());

  const key = () => ({ run: lease.run, job: 'only', attempt: 1 });
  const start = () => executor.ensure({ ...key(), pipeline: '', steps: [] }, () => undefined);
  const forward = (ms: number) => worker.forward((offsetMs += ms));
  /** Workers that die at once adopt the attempt this often. */
  async function adoptAndDie(times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      await forward(longAfterMs);
      const by = { owner: `dead-${String(time)}`, executor: worker.context.executorNumber(), ttlMs, ownerGone: false };
      const adopted = await worker.store.transitions.adopt(lease, by);
      if (typeof adopted === 'string') expect.fail(adopted);
      ({ lease } = adopted);
    }
  }
  async function adopt(afterMs = longAfterMs): Promise<void> {
    await forward(afterMs);
    const holdOff = new AdoptionHoldOff(worker.store, 0);
    for (const sweep of [adoptExpiredLeases, closeEndedAttempts])
      await sweep(worker.context, worker.runner, holdOff).sweep(never);
    await worker.untilIdle();
  }
  const jobOf = () => worker.store.runs.findJob(lease.run, 'only');
  const timeOut = async () => {
    await worker.store.transitions.report(lease, 'Executing', '', { startedMs: 0 }, { timeoutMs: 0 });
    await worker.store.transitions.expire();
  };

  describe('because it timed out', () => {
    it('has its whole grace if no worker was told before', async () => {
      await start();
      await timeOut();
      await adopt();
      expect(deeds[0]).to.equal('stop 20 s');
      expect(await jobOf()).to.include({ status: 'FAILED', reason: 'TimedOut' });
    });

    it('has the rest of its grace if another worker was told before', async () => {
      await start();
      await timeOut();
      await adoptAndDie(1);
      await adopt(ttlMs + 1);
      expect(deeds[0]).to.equal('stop 14 s');
    });

    it('is killed at once if the grace is over', async () => {
      await start();
      await timeOut();
      await adoptAndDie(2);
      await adopt();
      expect(deeds[0]).to.equal('stop 0 s');
      expect(await jobOf()).to.include({ status: 'FAILED', reason: 'TimedOut' });
    });
  });

  describe('because its workers repeatedly died soon after they took it', () => {
    it('is stopped first, then recorded as ended, and then its log is read', async () => {
      await start();
      await adoptAndDie(5);
      await adopt();
      expect(deeds).to.eql(['stop 20 s', 'observe', 'logs FAILED']);
      expect(await jobOf()).to.include({ status: 'FAILED', reason: 'WorkerCrashed' });
      const [attempt] = await worker.store.runs.listAttempts(lease.run, 0);
      expect(attempt).to.include({ exitCode: 143 });
      expect(attempt?.phases).to.have.property('closedAt');
      expect(await worker.logOf(lease.run, 0)).to.eql(['hello']);
    });

    it('is stopped by the next adopter if that worker dies too', async () => {
      await start();
      await adoptAndDie(6);
      expect(await jobOf()).to.include({ status: 'RUNNING', reason: 'Canceling' });
      await adopt(ttlMs + 1);
      expect(deeds.slice(0, 2)).to.eql(['stop 14 s', 'observe']);
      expect(await jobOf()).to.include({ status: 'FAILED', reason: 'WorkerCrashed' });
    });

    it('is SUCCESSFUL if it had succeeded before, with its outputs', async () => {
      const outcome: Outcome = { reason: 'Completed', exitCode: 0, endedAt: Date.now() - 5_000 };
      decision = { outcome, written: [{ step: 'main', content: Buffer.from('k=v\n') }] };
      await start();
      await adoptAndDie(5);
      await adopt();
      expect(await jobOf()).to.include({ status: 'SUCCESSFUL', reason: 'Completed' });
      expect(await worker.client.hget(keys.run(lease.run), outputsField(0))).to.equal('{"k":"v"}');
    });

    it('is not SUCCESSFUL if it exited with 0 after the stop', async () => {
      await start();
      await adoptAndDie(5);
      executor.end(key(), { reason: 'Completed', exitCode: 0, endedAt: Date.now() + 60_000 });
      await adopt();
      expect(await jobOf()).to.include({ status: 'FAILED', reason: 'WorkerCrashed' });
    });

    it('is not started if it never was', async () => {
      await adoptAndDie(5);
      await adopt();
      expect(executor.world.startCount).to.equal(0);
      expect(await jobOf()).to.include({ status: 'FAILED', reason: 'WorkerCrashed' });
    });
  });

  it('has its log cut if workers die reading it after its end', async () => {
    await start();
    await worker.store.transitions.finish(lease, completed, {});
    executor.end(key(), completed);
    await adoptAndDie(5);
    await adopt();
    expect(deeds).to.eql([]);
    expect(await worker.logOf(lease.run, 0)).to.eql([
      'The log is cut here: workers repeatedly died soon after they started to read it.',
    ]);
    expect(await jobOf()).to.include({ status: 'SUCCESSFUL' });
    expect((await worker.store.runs.listAttempts(lease.run, 0))[0]?.phases).to.have.property('closedAt');
  });

  it('does not delay the adoption of others while it is left alone', async () => {
    await start();
    await adoptAndDie(2);
    const other = await builtClaim(worker, 'dead');
    await forward(ttlMs + 1);
    await adoptExpiredLeases(worker.context, worker.runner, new AdoptionHoldOff(worker.store, 0)).sweep(never);
    const leases = await worker.store.leases.list(worker.context.executorNumber());
    expect(leases.filter(({ run }) => run === lease.run).map(({ owner }) => owner)).to.eql(['dead-1']);
    expect(leases.filter(({ run }) => run === other.run).map(({ owner }) => owner)).to.eql(['worker']);
  });
});

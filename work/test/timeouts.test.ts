import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { keys } from '@chainr/core/store/redis/keys';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { nameOf } from '@chainr/executor/fake/fake-world';
import type { Executor } from '@chainr/executor/port';
import { pipelineOf, type JobShape } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { untilFound } from '@chainr/testkit/until-found';
import { untilEvent } from '@chainr/testkit/waits';
import { RecoverLeases } from '../src/leases/recover-leases.js';
import { expireDeadlines } from '../src/sweeps/expire-deadlines.js';
import { holding, never, openWorker, type OpenWorker } from './open-worker.js';

describe('a deadline of an attempt', () => {
  let worker: OpenWorker;
  let executor: ReturnType<typeof holding>;

  beforeEach(() => {
    executor = holding();
  });
  afterEach(() => worker.close());

  async function begin(job: JobShape, its: Executor = executor): Promise<RunUid> {
    worker = await openWorker({}, its);
    const run = await worker.create(pipelineOf({ only: job }));
    await worker.take(run);
    return run;
  }
  const untilExecuting = (run: RunUid) =>
    untilEvent(worker.store.events, (event) => {
      return event.kind === 'job.reason' && event.run === run && event.reason === 'Executing';
    });
  /** One pass of the loops of a worker. */
  async function passBy(): Promise<number> {
    const { changed } = await expireDeadlines(worker.context).sweep(never);
    await worker.context.leases.tick();
    return changed;
  }
  /** A deadline for the pendingTimeout exists only if the attempt has not started after a second. */
  const untilDeadline = () => untilFound('a deadline in Redis', () => worker.client.zcard(keys.deadlines));
  const attemptOf = async (run: RunUid) => (await worker.store.runs.listAttempts(run, 0))[0];
  const outcomeOf = (run: RunUid) => executor.world.attempts.get(nameOf({ run, job: 'only', attempt: 1 }))?.outcome;

  describe('that is its timeout', () => {
    it('stops it when it passes, and it ends TimedOut with its exit code', async () => {
      const run = await begin({ timeout: '10s' });
      await untilExecuting(run);
      await worker.forward(10_500);
      expect(await passBy()).to.equal(1);
      const job = await worker.untilJob(run, 'only', 'FAILED');
      expect(job).to.include({ reason: 'TimedOut', message: 'Ran longer than its timeout.', attempt: 1 });
      await worker.untilIdle();
      expect(await attemptOf(run)).to.include({ exitCode: 143 });
      expect((await attemptOf(run))?.phases).to.have.property('closedAt');
      expect(await worker.client.zcard(keys.deadlines)).to.equal(0);
    });

    it('leaves it alone before', async () => {
      const run = await begin({ timeout: '10s' });
      await untilExecuting(run);
      await worker.forward(5_000);
      expect(await passBy()).to.equal(0);
      expect(outcomeOf(run)).to.equal(undefined);
    });

    it('keeps its end if that comes in time', async () => {
      const run = await begin({ timeout: '10s' });
      await untilExecuting(run);
      executor.end({ run, job: 'only', attempt: 1 }, completed);
      await worker.untilJob(run, 'only', 'SUCCESSFUL');
      await worker.forward(10_500);
      expect(await passBy()).to.equal(0);
    });

    it('is not lost if a worker shuts down before it learns of it', async () => {
      const run = await begin({ timeout: '10s' });
      await untilExecuting(run);
      await worker.forward(10_500);
      await expireDeadlines(worker.context).sweep(never);
      await worker.runner.stop();
      expect(await worker.untilJob(run, 'only', 'FAILED')).to.include({ reason: 'TimedOut', attempt: 1 });
      expect((await attemptOf(run))?.phases).to.have.property('closedAt');
      expect(worker.inbox.take(run)).to.eql([]);
    });

    it('is not retried as a loss, even if the attempt has vanished', async () => {
      const run = await begin(
        { timeout: '10s' },
        {
          ...executor,
          stop: (key) => {
            executor.end(key, { reason: 'Lost', message: 'Nothing of it was found.' });
            return Promise.resolve();
          },
        },
      );
      await untilExecuting(run);
      await worker.forward(10_500);
      await passBy();
      expect(await worker.untilJob(run, 'only', 'FAILED')).to.include({ reason: 'TimedOut', attempt: 1 });
    });
  });

  describe('that is its pendingTimeout', () => {
    /** An executor that never reports that an attempt started. */
    const silent = (): Executor => ({
      ...executor,
      observe: (spec, _onPhase, signal) => executor.observe(spec, () => undefined, signal),
    });

    it('stops an attempt that does not start in time, with PendingTimedOut', async () => {
      const run = await begin({ pendingTimeout: '20s' }, silent());
      await untilDeadline();
      await worker.forward(10_000);
      expect(await passBy()).to.equal(0);
      expect(outcomeOf(run)).to.equal(undefined);
      await worker.forward(20_500);
      expect(await passBy()).to.equal(1);
      const job = await worker.untilJob(run, 'only', 'FAILED');
      expect(job).to.include({ reason: 'PendingTimedOut', message: 'Did not start within its pendingTimeout.' });
      expect(await attemptOf(run)).to.include({ exitCode: 143 });
    });

    it('leaves a started attempt alone', async () => {
      const run = await begin({ pendingTimeout: '20s' });
      await untilExecuting(run);
      await worker.forward(30_000);
      expect(await passBy()).to.equal(0);
      expect(outcomeOf(run)).to.equal(undefined);
    });
  });

  describe('that passed while no worker held the attempt', () => {
    /** An attempt of a dead worker, whose deadline has passed. */
    async function orphan(reason: 'Starting' | 'Executing', starts: boolean): Promise<RunUid> {
      worker = await openWorker({}, executor);
      const run = await worker.create(pipelineOf({ only: [] }));
      const by = { owner: 'dead', executor: worker.context.executorNumber(), ttlMs: 6_000 };
      const claimed = await worker.store.transitions.claim({ run, index: 0, attempt: 1 }, by);
      if (typeof claimed === 'string') expect.fail(claimed);
      if (starts) await executor.ensure({ run, job: 'only', attempt: 1, pipeline: '', steps: [] }, () => undefined);
      const ages = reason === 'Executing' ? { startedMs: 0 } : {};
      const deadlines = { timeoutMs: 10_000, pendingTimeoutMs: 10_000 };
      await worker.store.transitions.report(claimed.lease, reason, '', ages, deadlines);
      await worker.forward(10_500);
      expect(await passBy()).to.equal(1);
      await new RecoverLeases(worker.context, worker.runner).start();
      return run;
    }

    it('makes the adopter stop a running attempt', async () => {
      const run = await orphan('Executing', true);
      expect(await worker.untilJob(run, 'only', 'FAILED')).to.include({ reason: 'TimedOut', attempt: 1 });
      expect(outcomeOf(run)).to.include({ exitCode: 143 });
      expect(executor.world.startCount).to.equal(1);
    });

    it('makes the adopter start nothing, and reserve its name', async () => {
      const run = await orphan('Starting', false);
      expect(await worker.untilJob(run, 'only', 'FAILED')).to.include({ reason: 'PendingTimedOut', attempt: 1 });
      expect(executor.world.startCount).to.equal(0);
      expect(outcomeOf(run)).to.include({ reason: 'Lost' });
    });
  });

  it('has defaults: ten minutes to start, and no timeout', async () => {
    executor = createFakeExecutor({ decide: () => ({ hold: true }) });
    const run = await begin([], {
      ...executor,
      observe: (spec, onPhase, signal) => {
        onPhase({ reason: 'PullingImage', at: Date.now() });
        return executor.observe(spec, () => undefined, signal);
      },
    });
    await untilDeadline();
    const claimedAt = (await attemptOf(run))?.phases.claimedAt ?? 0;
    const scored = await worker.client.zrange(keys.deadlines, 0, '-1', 'WITHSCORES');
    expect(scored).to.eql([`${run}.0.1.p`, String(claimedAt + 600_000)]);
  });
});

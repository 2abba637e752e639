import { expect } from 'chai';
import { keys, formatAttemptId, type Lease } from '@chainr/core/store/redis/keys';
import type { Executor } from '@chainr/executor/port';
import { builtClaim } from './built-claim.js';
import { adoptExpiredLeases } from '../src/sweeps/adopt-expired-leases.js';
import { AdoptionHoldOff } from '../src/sweeps/adoption-hold-off.js';
import { holding, never, openWorker, type OpenWorker } from './open-worker.js';
import { pipelineOf } from '@chainr/testkit/builders';
import { untilFound } from '@chainr/testkit/until-found';

describe('an attempt whose worker shuts down and stops it', () => {
  let worker: OpenWorker;
  let executor: ReturnType<typeof holding>;
  afterEach(() => worker.close());

  const isRecorded = async (lease: Pick<Lease, 'run' | 'index' | 'attempt'>) =>
    (await worker.client.hexists(keys.stops(worker.context.executorNumber()), formatAttemptId(lease))) === 1;
  const idOf = (run: string) => ({ run, index: 0, attempt: 1 });

  describe('is recorded as interrupted', () => {
    /** Whether each attempt was recorded as interrupted when its stop came. */
    let seen: boolean[];
    const open = async (stopGraceMs: number) => {
      seen = [];
      executor = holding();
      const stop: Executor['stop'] = async (key, graceMs, guard) => {
        if (!isFrozen) seen.push(await isRecorded(idOf(key.run)));
        await executor.stop(key, graceMs, guard);
        stopped();
      };
      worker = await openWorker({ stopGraceMs }, { ...executor, stop });
    };
    let stopped: () => void = () => undefined;
    const begin = async () => {
      const run = await worker.create(pipelineOf({ only: [] }));
      await worker.take(run);
      await untilFound('the start of the attempt', () => executor.world.startCount);
      return run;
    };
    let isFrozen = false;
    const frozen = async (meanwhile: () => Promise<void>) => {
      process.kill(worker.redis.pid, 'SIGSTOP');
      isFrozen = true;
      try {
        await meanwhile();
      } finally {
        process.kill(worker.redis.pid, 'SIGCONT');
        isFrozen = false;
      }
    };

    it('before the first signal', async () => {
      await open(60_000);
      const run = await begin();
      await worker.runner.stop();
      expect(await worker.untilJob(run, 'only', 'PENDING')).to.include({ reason: 'Interrupted' });
      expect(seen[0]).to.be.true;
    });

    it('before the first signal, if Redis is briefly away', async () => {
      await open(60_000);
      const run = await begin();
      let isStopped = false;
      stopped = () => (isStopped = true);
      let stopping: Promise<void> = Promise.resolve();
      await frozen(async () => {
        stopping = worker.runner.stop();
        // This takes longer than a client waits for an answer before it sends the call again.
        await worker.store.ping().catch(() => undefined);
        expect(isStopped).to.be.false;
      });
      await stopping;
      expect(await worker.untilJob(run, 'only', 'PENDING')).to.include({ reason: 'Interrupted' });
      expect(seen[0]).to.be.true;
    });

    it('later, if the grace is over and Redis is still away', async () => {
      await open(50);
      const run = await begin();
      const isStopped = new Promise<void>((resolve) => (stopped = resolve));
      let stopping: Promise<void> = Promise.resolve();
      await frozen(async () => {
        stopping = worker.runner.stop();
        await isStopped;
      });
      await stopping;
      expect(await worker.untilJob(run, 'only', 'PENDING')).to.include({ reason: 'Interrupted' });
    });

    it('if it is killed at once', async () => {
      await open(60_000);
      const deaf: Executor['stop'] = executor.stop.bind(executor);
      executor.stop = (key, graceMs, guard) => (graceMs > 0 ? Promise.resolve() : deaf(key, graceMs, guard));
      const run = await begin();
      const stopping = worker.runner.stop();
      await untilFound('the record of the interruption', () => isRecorded(idOf(run)));
      worker.runner.killAll();
      await stopping;
      expect(await worker.untilJob(run, 'only', 'PENDING')).to.include({ reason: 'Interrupted' });
    });
  });

  describe('and is killed before it sees its end', () => {
    let lease: Lease;
    beforeEach(async () => {
      executor = holding();
      worker = await openWorker({}, executor);
      lease = await builtClaim(worker, 'dead');
    });

    const key = () => ({ run: lease.run, job: 'only', attempt: 1 });
    const start = () => executor.ensure({ ...key(), pipeline: '', steps: [] }, () => undefined);
    const interrupt = async () => expect(await worker.store.transitions.interrupt(lease)).to.equal('ok');
    const adopt = async () => {
      await worker.forward(6_500);
      const holdOff = new AdoptionHoldOff(worker.store, 0);
      expect((await adoptExpiredLeases(worker.context, worker.runner, holdOff).sweep(never)).changed).to.equal(1);
      await worker.untilIdle();
    };
    const isAgain = async () => {
      expect(await worker.store.runs.findJob(lease.run, 'only')).to.include({
        status: 'PENDING',
        reason: 'Interrupted',
      });
      expect(worker.inbox.take(lease.run)).to.include(`${lease.run}.0.2`);
      expect(await isRecorded(lease), 'nothing of it is left').to.be.false;
    };

    it('starts again if it has ended by the signal', async () => {
      await start();
      await interrupt();
      executor.end(key(), { reason: 'Signal', exitCode: 143, endedAt: Date.now() + 300 });
      await adopt();
      await isAgain();
    });

    it('starts again if it handled the signal and exited with 0', async () => {
      await start();
      await interrupt();
      executor.end(key(), { reason: 'Completed', exitCode: 0, endedAt: Date.now() + 300 });
      await adopt();
      await isAgain();
    });

    it('is stopped and starts again if it is still running', async () => {
      await start();
      await interrupt();
      await adopt();
      expect(executor.world.attempts.get(`${lease.run}/only/1`)?.outcome).to.include({ exitCode: 143 });
      await isAgain();
    });

    it('starts again if it had not been started, and takes no name later', async () => {
      await interrupt();
      await adopt();
      expect(executor.world.startCount).to.equal(0);
      await isAgain();
    });

    it('keeps its end if that came first', async () => {
      await start();
      executor.end(key(), { reason: 'Completed', exitCode: 0, endedAt: Date.now() - 60_000 });
      await interrupt();
      await adopt();
      expect(await worker.store.runs.findJob(lease.run, 'only')).to.include({ status: 'SUCCESSFUL' });
      expect(await isRecorded(lease)).to.be.false;
    });

    it('is retried like any other if it was lost before', async () => {
      await start();
      executor.end(key(), { reason: 'Lost', endedAt: Date.now() - 60_000 });
      await interrupt();
      await adopt();
      expect(await worker.store.runs.findJob(lease.run, 'only')).to.include({ reason: 'RetryBackoff' });
    });

    it('is canceled where that was asked for meanwhile', async () => {
      await start();
      await interrupt();
      await worker.store.transitions.cancel(lease.run);
      await adopt();
      expect(await worker.store.runs.findJob(lease.run, 'only')).to.include({ status: 'CANCELED' });
      expect(await isRecorded(lease)).to.be.false;
    });

    it('is what it was to be before where its timeout had passed', async () => {
      await start();
      await worker.store.transitions.report(lease, 'Executing', '', { startedMs: 0 }, { timeoutMs: 0 });
      await worker.store.transitions.expire();
      await interrupt();
      await adopt();
      expect(await worker.store.runs.findJob(lease.run, 'only')).to.include({ status: 'FAILED', reason: 'TimedOut' });
    });

    it('has no timeout any more', async () => {
      await start();
      await worker.store.transitions.report(lease, 'Executing', '', { startedMs: 5 }, { timeoutMs: 1_000 });
      await interrupt();
      await worker.forward(5_000);
      await worker.store.transitions.expire();
      await adopt();
      await isAgain();
    });
  });
});

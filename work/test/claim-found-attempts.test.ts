import { existsSync } from 'node:fs';
import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { startRedisServer } from '@chainr/core/service/redis-server';
import { keys } from '@chainr/core/store/redis/keys';
import { nameOf } from '@chainr/executor/fake/fake-world';
import { pipelineOf } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { untilFound } from '@chainr/testkit/until-found';
import { claimFoundAttempts } from '../src/sweeps/claim-found-attempts.js';
import { holding, never, openWorker, otherPool, type OpenWorker } from './open-worker.js';

describe('an attempt whose claim Redis has lost (see Rollback)', () => {
  let worker: OpenWorker;
  let executor: ReturnType<typeof holding>;
  let sweep: () => Promise<number>;
  beforeEach(async () => {
    executor = holding();
    worker = await openWorker({}, executor);
    const found = claimFoundAttempts(worker.context, worker.runner);
    sweep = async () => (await found.sweep(never)).changed;
  });
  afterEach(() => worker.close());

  /** Restarts Redis on its data. Its run id then differs, as that of another server would. */
  async function restartRedis(): Promise<void> {
    const { folder, url, pid } = worker.redis;
    process.kill(pid, 'SIGTERM');
    // Redis removes its socket at its end, which must not be that of the next server.
    await untilFound('the end of Redis', () => !existsSync(`/proc/${String(pid)}`));
    await startRedisServer({ folder, socketPath: url.slice('unix:'.length) });
    await untilFound(
      'Redis to answer again',
      () => worker.store.ping(),
      (answer) => answer === true,
    );
    await whenBack(() => worker.store.leases.renew(worker.context.executorNumber(), [], 6_000));
  }

  async function whenBack(ask: () => Promise<unknown>): Promise<void> {
    const isBack = () =>
      ask().then(
        () => true,
        (error: unknown) => {
          if (error instanceof Error && error.name === 'StoreUnavailable') return false;
          throw error;
        },
      );
    await untilFound('Redis to answer again', isBack);
  }

  /** @returns a function that makes Redis forget all later changes of the run, as a failover may */
  async function remember(run: RunUid): Promise<() => Promise<void>> {
    const { client, context } = worker;
    const before = await client.dumpBuffer(keys.run(run));
    const marks = await client.zrange(keys.marks('fake'), 0, '-1', 'WITHSCORES');
    return async () => {
      await client.restore(keys.run(run), 0, before, 'REPLACE');
      for (let at = 0; at < marks.length; at += 2) {
        await client.zadd(keys.marks('fake'), marks[at + 1] ?? '', marks[at] ?? '');
      }
      await client.del(keys.leases(context.executorNumber()));
    };
  }

  /** A run whose only attempt was started by `owner`, and a function that makes Redis forget that. */
  async function begin(owner: 'worker' | 'dead'): Promise<{ run: RunUid; rollBack: () => Promise<void> }> {
    const run = await worker.create(pipelineOf({ only: [] }));
    const rollBack = await remember(run);
    if (owner === 'worker') await worker.take(run);
    else {
      const by = { owner, executor: worker.context.executorNumber(), ttlMs: 6_000 };
      await worker.store.transitions.claim({ run, index: 0, attempt: 1 }, by);
      await executor.ensure({ run, job: 'only', attempt: 1, pipeline: '', steps: [] }, () => undefined);
    }
    await untilFound('the start of the attempt', () => executor.world.startCount);
    return { run, rollBack };
  }

  async function goesOn(run: RunUid): Promise<void> {
    expect(await worker.store.runs.findJob(run, 'only')).to.include({ status: 'RUNNING', attempt: 1 });
    expect(worker.runner.running).to.equal(1);
    executor.end({ run, job: 'only', attempt: 1 }, completed);
    await worker.untilIdle();
    expect(await worker.store.runs.findJob(run, 'only')).to.include({ status: 'SUCCESSFUL', attempt: 1 });
    expect(executor.world.startCount, 'started once').to.equal(1);
    expect(worker.context.capacity.free).to.equal(worker.context.capacity.total);
  }

  it('is claimed again where it is found, and goes on', async () => {
    const { run, rollBack } = await begin('dead');
    expect(await sweep()).to.equal(0);
    await restartRedis();
    await rollBack();
    expect(await sweep()).to.equal(1);
    await goesOn(run);
    expect(await sweep()).to.equal(0);
  });

  it('is claimed again by the worker that had it, once its old lease is lost', async () => {
    const { run, rollBack } = await begin('worker');
    expect(await sweep()).to.equal(0);
    await restartRedis();
    await rollBack();
    expect(await sweep()).to.equal(0);
    await worker.context.leases.tick();
    await worker.untilIdle();
    expect(executor.world.attempts.get(nameOf({ run, job: 'only', attempt: 1 }))?.outcome).to.equal(undefined);
    expect(await sweep()).to.equal(1);
    await goesOn(run);
  });

  it('is claimed by a worker of its pool only, though another one has the same executor', async () => {
    const { context, runner } = worker.beside('neighbor', { pool: otherPool });
    const found = claimFoundAttempts(context, runner);
    const { run, rollBack } = await begin('dead');
    for (const each of [found.sweep, sweep]) await each(never);
    await restartRedis();
    await rollBack();
    expect((await found.sweep(never)).changed).to.equal(0);
    expect(await worker.store.runs.findJob(run, 'only')).to.include({ status: 'PENDING' });
    expect(await sweep()).to.equal(1);
    await goesOn(run);
  });

  it('is left to its message as long as Redis is the one it was', async () => {
    const { rollBack } = await begin('dead');
    expect(await sweep()).to.equal(0);
    await rollBack();
    expect([await sweep(), await sweep()]).to.eql([0, 0]);
  });

  it('is none that is held, has ended, or is not known', async () => {
    const { run } = await begin('dead');
    const ended = await worker.create(pipelineOf({ only: [] }));
    const by = { owner: 'dead', executor: worker.context.executorNumber(), ttlMs: 6_000 };
    const claimed = await worker.store.transitions.claim({ run: ended, index: 0, attempt: 1 }, by);
    if (typeof claimed === 'string') expect.fail(claimed);
    await worker.store.transitions.finish(claimed.lease, completed, {}, { closeGraceMs: 60_000 });
    const strays = [
      { run: ended, job: 'only', attempt: 1 },
      { run: '01990000-0000-7000-8000-00000000dead', job: 'only', attempt: 1 },
    ];
    for (const key of strays) await executor.ensure({ ...key, pipeline: '', steps: [] }, () => undefined);
    await sweep();
    await restartRedis();
    expect([await sweep(), await sweep()]).to.eql([0, 0]);
    expect(await worker.store.runs.findJob(run, 'only')).to.include({ status: 'RUNNING' });
    expect(worker.runner.running).to.equal(0);
  });
});

import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { keys } from '@chainr/core/store/redis/keys';
import { nameOf } from '@chainr/executor/fake/fake-world';
import { pipelineOf } from '@chainr/testkit/builders';
import { untilFound } from '@chainr/testkit/until-found';
import { RegisterExecutor } from '../src/register-executor.js';
import { ShowWorker } from '../src/show-worker.js';
import { AdoptionHoldOff } from '../src/sweeps/adoption-hold-off.js';
import { adoptExpiredLeases } from '../src/sweeps/adopt-expired-leases.js';
import { removeClosedAttempts } from '../src/sweeps/remove-closed-attempts.js';
import { removeStrays } from '../src/sweeps/remove-strays.js';
import { holding, never, openWorker, otherPool, type OpenWorker, type WorkerParts } from './open-worker.js';

const completed = { reason: 'Completed', exitCode: 0 } as const;

describe('two pools on one executor', () => {
  let worker: OpenWorker;
  let other: WorkerParts;
  let executor: ReturnType<typeof holding>;
  beforeEach(async () => {
    executor = holding();
    worker = await openWorker({ removalGraceMs: 60_000 }, executor);
    other = worker.beside('neighbor', { pool: otherPool });
  });
  afterEach(() => worker.close());

  const adopt = async ({ context, runner }: WorkerParts) =>
    (await adoptExpiredLeases(context, runner, new AdoptionHoldOff(worker.store, 0)).sweep(never)).changed;
  const untilStarted = () => untilFound('a started attempt', () => executor.world.startCount);
  /** An attempt of the worker's pool, held by a worker of it that died. */
  async function holdAndDie(): Promise<RunUid> {
    const run = await worker.create(pipelineOf({ only: [] }));
    const by = { owner: 'dead', executor: worker.context.executorNumber(), ttlMs: 6_000 };
    await worker.store.transitions.claim({ run, index: 0, attempt: 1 }, by);
    await executor.ensure({ run, job: 'only', attempt: 1, pipeline: '', steps: [] }, () => undefined);
    return run;
  }

  it('have leases of their own: only a worker of the pool adopts, and only its workers keep the pool alive', async () => {
    const run = await holdAndDie();
    await worker.forward(8_000);
    expect(await adopt(other)).to.equal(0);
    await worker.store.leases.renew(other.context.executorNumber(), [], 6_000);
    const seen = await worker.store.executors.list();
    expect(seen.map(({ id, pool, seenAt }) => [id, pool, seenAt > 0])).to.have.deep.members([
      [executor.id, 'fake', false],
      [executor.id, otherPool, true],
    ]);
    expect(await adopt(worker)).to.equal(1);
    executor.end({ run, job: 'only', attempt: 1 }, completed);
    await worker.untilJob(run, 'only', 'SUCCESSFUL');
    expect(executor.world.startCount).to.equal(1);
  });

  it('share what remains of closed attempts: any worker removes it, and not before its grace is over', async () => {
    const run = await worker.create(pipelineOf({ only: [] }));
    await worker.take(run);
    await untilStarted();
    executor.end({ run, job: 'only', attempt: 1 }, completed);
    await worker.untilJob(run, 'only', 'SUCCESSFUL');
    await worker.untilIdle();
    const name = nameOf({ run, job: 'only', attempt: 1 });
    const remove = async () => (await removeClosedAttempts(other.context).sweep(never)).changed;
    const sweepStrays = removeStrays(other.context, { everyMs: 1_000, knownForMs: 0, redisUpMs: 0 });
    expect(await remove()).to.equal(0);
    await sweepStrays.sweep(never);
    expect(executor.world.attempts).to.include.keys(name);
    await worker.forward(61_000);
    expect(await remove()).to.equal(1);
    expect(executor.world.attempts).to.not.have.any.keys(name);
    expect(await worker.client.exists(keys.due(worker.context.executorNumber()))).to.equal(0);
  });

  it('keep the remains of an attempt that another one followed, while its own pool has them due', async () => {
    const run = await worker.create(pipelineOf({ only: [] }));
    await worker.take(run);
    await untilStarted();
    executor.end({ run, job: 'only', attempt: 1 }, { reason: 'Deleted', message: 'gone' });
    const reason = async () => (await worker.store.runs.findJob(run, 'only'))?.reason;
    await untilFound('its backoff', reason, (seen) => seen === 'RetryBackoff');
    const name = nameOf({ run, job: 'only', attempt: 1 });
    await removeStrays(other.context, { everyMs: 1_000, knownForMs: 0, redisUpMs: 0 }).sweep(never);
    expect(executor.world.attempts).to.include.keys(name);
  });
});

describe('a pool', () => {
  let worker: OpenWorker;
  beforeEach(async () => (worker = await openWorker({ pool: 'build' })));
  afterEach(() => worker.close());

  const card = { id: 'box-1', host: 'box', executorId: 'x', capacity: 1, running: 0 };
  const start = () => {
    const { store, executor, pool } = worker.context;
    return new RegisterExecutor({ store, executor, pool, capacity: 8 }).start();
  };
  const errorOf = (starting: Promise<unknown>) => starting.then(() => undefined, String);
  const refusal =
    'Error: The pool build has workers with the executor docker, such as box-1, but this worker has fake: give it another pool (CHAINR_POOL) or the same executor (CHAINR_EXECUTOR). A worker that was killed counts for 30 seconds.';

  it('refuses a worker whose executor is of another kind than that of its workers', async () => {
    await worker.store.workers.show({ ...card, pool: 'build', executor: 'docker' });
    expect(await errorOf(start())).to.equal(refusal);
    expect(await worker.client.exists(keys.bundles), 'nothing of it is announced').to.equal(0);
  });

  it('takes it when those are of another pool, of the same kind, or gone', async () => {
    await worker.store.workers.show({ ...card, pool: 'fake', executor: 'docker' });
    await worker.store.workers.show({ ...card, id: 'box-2', pool: 'build', executor: 'fake' });
    await start();
    await worker.store.workers.show({ ...card, id: 'box-3', pool: 'build', executor: 'docker' });
    expect(await errorOf(start())).to.be.a('string');
    await worker.forward(31_000);
    await start();
  });

  it('refuses one that started at the same time as a worker of another kind, and forgets it', async () => {
    await start();
    await worker.store.workers.show({ ...card, pool: 'build', executor: 'docker' });
    expect(await errorOf(new ShowWorker(worker.context, () => 0).start())).to.equal(refusal);
    expect((await worker.store.workers.list()).map(({ id }) => id)).to.deep.equal(['box-1']);
  });

  it('is shown with its workers', async () => {
    const shown = new ShowWorker(worker.context, () => 0);
    await shown.start();
    expect((await worker.store.workers.list())[0]).to.include({ pool: 'build', executor: 'fake' });
    await shown.stop();
  });
});

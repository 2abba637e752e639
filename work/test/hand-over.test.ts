import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { createFakeExecutor, type FakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { createFakeWorld, nameOf } from '@chainr/executor/fake/fake-world';
import type { Executor } from '@chainr/executor/port';
import { pipelineOf } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { untilFound } from '@chainr/testkit/until-found';
import { adoptExpiredLeases } from '../src/sweeps/adopt-expired-leases.js';
import { closeEndedAttempts } from '../src/sweeps/close-ended-attempts.js';
import { AdoptionHoldOff } from '../src/sweeps/adoption-hold-off.js';
import { never, openWorker, type OpenWorker, type WorkerParts } from './open-worker.js';

const only = pipelineOf({ only: [] });
describe('a worker that shuts down beside others of its executor', () => {
  let first: OpenWorker;
  let second: WorkerParts;
  let executor: FakeExecutor;

  async function open(its: (fake: FakeExecutor) => Executor = (fake) => fake): Promise<void> {
    const world = createFakeWorld();
    executor = createFakeExecutor({ world, decide: () => ({ hold: true, lines: [{ text: 'one' }, { text: 'two' }] }) });
    first = await openWorker({ alone: false }, its(executor));
    second = first.beside('second', {}, executor);
  }
  afterEach(() => first.close());

  async function begin(): Promise<RunUid> {
    const run = await first.create(only);
    await first.take(run);
    return run;
  }
  const holdOff = () => new AdoptionHoldOff(first.store, 0);
  const adopt = async () => (await adoptExpiredLeases(second.context, second.runner, holdOff()).sweep(never)).changed;
  const close = async () => (await closeEndedAttempts(second.context, second.runner, holdOff()).sweep(never)).changed;
  const expired = () => first.store.leases.listExpired(first.context.executorNumber(), 10);
  const logOf = (run: RunUid) => first.store.logs.read(run, 0, 1, { offset: 0, maxBytes: 10_000 });
  const attemptsOf = (run: RunUid) => first.store.runs.listAttempts(run, 0);

  it('stops nothing, and lets go of all at once', async () => {
    await open();
    const runs = [await begin(), await begin()];
    await first.runner.stop();
    expect(first.runner.running).to.equal(0);
    expect(first.context.leases.size).to.equal(0);
    expect(first.context.capacity.free).to.equal(first.context.capacity.total);
    expect((await expired()).map(({ lease, overdueMs }) => [lease.run, overdueMs])).to.have.deep.members(
      runs.map((run) => [run, 0]),
    );
    for (const run of runs) {
      expect(executor.world.attempts.get(nameOf({ run, job: 'only', attempt: 1 }))?.outcome).to.equal(undefined);
      expect(await first.store.runs.findJob(run, 'only')).to.include({ status: 'RUNNING', attempt: 1 });
    }
  });

  it('has another one go on with the same attempt, whose log is whole', async () => {
    await open();
    const run = await begin();
    await untilFound(
      'two lines in the log',
      () => first.logOf(run, 0),
      ({ length }) => length >= 2,
    );
    await first.runner.stop();
    expect(await logOf(run), 'no end mark').to.include({ ended: false });
    expect(await adopt()).to.equal(1);
    expect(await adopt()).to.equal(0);
    executor.end({ run, job: 'only', attempt: 1 }, completed);
    expect(await first.untilJob(run, 'only', 'SUCCESSFUL')).to.include({ attempt: 1 });
    await first.untilIdle();
    expect(executor.world.startCount).to.equal(1);
    expect(await first.logOf(run, 0)).to.eql(['one', 'two']);
    expect(await logOf(run)).to.include({ ended: true });
    const attempts = await attemptsOf(run);
    expect(attempts).to.have.length(1);
    expect(attempts[0]?.phases).to.have.property('closedAt');
  });

  it('renews nothing that it has let go of', async () => {
    await open();
    await begin();
    const renewing = first.context.leases.tick();
    await first.runner.stop();
    await renewing;
    await first.context.leases.tick();
    expect(await expired()).to.have.length(1);
  });

  it('hands over too what it claimed while it stopped, before it starts it', async () => {
    await open();
    const run = await first.create(only);
    await first.runner.stop();
    await first.take(run);
    await untilFound('the lease to be let go of', expired, ({ length }) => length > 0);
    expect(executor.world.startCount).to.equal(0);
    expect(await adopt()).to.equal(1);
    await untilFound('the start of the attempt', () => executor.world.startCount);
    executor.end({ run, job: 'only', attempt: 1 }, completed);
    expect(await first.untilJob(run, 'only', 'SUCCESSFUL')).to.include({ attempt: 1 });
    expect(executor.world.startCount).to.equal(1);
  });

  it('leaves an end that is told, but not closed, for another one to close', async () => {
    await open((fake) => ({
      ...fake,
      // The rest of its output never comes.
      logs: (_spec, _from, signal) => ({
        [Symbol.asyncIterator]: () => ({
          next: () =>
            new Promise((resolve) => {
              signal.addEventListener('abort', () => {
                resolve({ done: true, value: undefined });
              });
            }),
        }),
      }),
    }));
    const run = await begin();
    executor.end({ run, job: 'only', attempt: 1 }, completed);
    await first.untilJob(run, 'only', 'SUCCESSFUL');
    await first.runner.stop();
    expect((await attemptsOf(run))[0]?.phases).to.not.have.property('closedAt');
    expect(await logOf(run), 'no end mark').to.include({ ended: false });
    expect(await adopt()).to.equal(0);
    expect(await close()).to.equal(1);
    await first.untilIdle();
    expect((await attemptsOf(run))[0]?.phases).to.have.property('closedAt');
    expect(await first.logOf(run, 0)).to.eql(['one', 'two']);
    expect(await logOf(run)).to.include({ ended: true });
  });
});

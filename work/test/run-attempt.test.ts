import { expect } from 'chai';
import type { Outcome } from '@chainr/core/model/outcome';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import type { Executor } from '@chainr/executor/port';
import { pipelineOf } from '@chainr/testkit/builders';
import { holding, openWorker, type OpenWorker } from './open-worker.js';

const only = pipelineOf({ only: [] });

describe('an attempt in the hands of a worker', () => {
  let worker: OpenWorker | undefined;

  afterEach(async () => {
    await worker?.close();
    worker = undefined;
  });

  async function begin(executor: Executor): Promise<{ run: string; worker: OpenWorker }> {
    worker = await openWorker({}, executor);
    const run = await worker.create(only);
    await worker.take(run);
    return { run, worker };
  }

  it('is tried again while the executor is out of order', async () => {
    const fake = createFakeExecutor({ decide: () => ({ lines: [{ text: 'hello' }] }) });
    const broken = { ensure: 2, observe: 1, logs: 1 };
    const outage = (verb: keyof typeof broken) => {
      broken[verb] -= 1;
      if (broken[verb] >= 0) throw new Error('out of order');
    };
    const executor: Executor = {
      ...fake,
      ensure: async (...args) => (outage('ensure'), fake.ensure(...args)),
      observe: async (...args) => (outage('observe'), fake.observe(...args)),
      logs: (...args) => (outage('logs'), fake.logs(...args)),
    };
    const { run, worker } = await begin(executor);
    await worker.untilJob(run, 'only', 'SUCCESSFUL');
    await worker.runner.stop();
    expect(fake.world.startCount).to.equal(1);
    expect(await worker.logOf(run, 0)).to.deep.equal(['hello']);
    expect((await worker.store.runs.listAttempts(run, 0))[0]?.phases).to.have.property('closedAt');
  });

  it('goes back into the queue with its next attempt when its worker shuts down', async () => {
    const { run, worker } = await begin(holding());
    await worker.runner.stop();
    const job = await worker.untilJob(run, 'only', 'PENDING');
    expect(job).to.include({ status: 'PENDING', reason: 'Interrupted', attempt: 1 });
    expect(worker.inbox.take(run)).to.deep.equal([`${run}.0.2`]);
    const [first] = await worker.store.runs.listAttempts(run, 0);
    expect(first).to.include({ attempt: 1, reason: 'Interrupted' });
    expect(await worker.store.work.listLeases(worker.context.executorNumber())).to.deep.equal([]);
  });

  /** Ends when it is stopped, with the outcome made then. */
  function endingLate(outcomeAt: (now: number) => Outcome): Executor {
    let end = (_: Outcome): void => undefined;
    const ended = new Promise<Outcome>((resolve) => (end = resolve));
    const stop = async () => end(outcomeAt(Date.now()));
    return { ...createFakeExecutor(), observe: () => ended, stop };
  }

  it('keeps its end if that came before the signal', async () => {
    const { run, worker } = await begin(endingLate((now) => ({ reason: 'Completed', exitCode: 0, endedAt: now - 50 })));
    await worker.runner.stop();
    expect(await worker.untilJob(run, 'only', 'SUCCESSFUL')).to.include({ reason: 'Completed', attempt: 1 });
  });

  it('was interrupted if it ended by the signal, though the times of files lag behind the clock', async () => {
    const killed = endingLate((now) => ({ reason: 'Signal', exitCode: 143, endedAt: now - 4 }));
    const { run, worker } = await begin(killed);
    await worker.runner.stop();
    expect(await worker.untilJob(run, 'only', 'PENDING')).to.include({ reason: 'Interrupted' });
  });

  it('is left alone when its lease is another worker’s', async () => {
    const executor = holding();
    const { run, worker } = await begin(executor);
    const { store, context } = worker;
    const [lease] = await store.work.listLeases(context.executorNumber());
    const by = { owner: 'other', executor: context.executorNumber(), ttlMs: 6_000, ownerGone: true };
    await store.transitions.adopt(lease!, by);
    await context.leases.tick();
    await worker.runner.stop();
    expect(executor.world.attempts.get(`${run}/only/1`)?.outcome, 'not stopped').to.equal(undefined);
    expect(await store.runs.findJob(run, 'only')).to.include({ status: 'RUNNING', attempt: 1 });
    expect(context.capacity.free).to.equal(context.capacity.total);
  });
});

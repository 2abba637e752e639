import { expect } from 'chai';
import type { Outcome } from '@chainr/core/engine/outcome';
import type { RunUid } from '@chainr/core/engine/records';
import { keys } from '@chainr/core/store/redis/keys';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import type { Executor } from '@chainr/executor/port';
import { pipelineOf } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { statusAndReason } from '@chainr/testkit/statuses';
import { expireDeadlines } from '../src/sweeps/expire-deadlines.js';
import { holding, never, openWorker, type OpenWorker } from './open-worker.js';

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

  it('is closed in the call that ends it where it has no output', async () => {
    worker = await openWorker({}, createFakeExecutor());
    const { transitions } = worker.store;
    const asked: string[] = [];
    for (const verb of ['finish', 'appendLog', 'close'] as const) {
      const original = transitions[verb].bind(transitions) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(transitions, { [verb]: (...args: unknown[]) => (asked.push(verb), original(...args)) });
    }
    const run = await worker.create(only);
    await worker.take(run);
    await worker.untilJob(run, 'only', 'SUCCESSFUL');
    await worker.runner.stop();
    expect(asked).to.deep.equal(['finish']);
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
    expect(await worker.store.leases.list(worker.context.executorNumber())).to.deep.equal([]);
  });

  /** An executor whose attempt ends when it is stopped, with the outcome of that moment. */
  function endingLate(outcomeAt: (now: number) => Outcome): Executor {
    let end = (_: Outcome): void => undefined;
    const ended = new Promise<Outcome>((resolve) => (end = resolve));
    const stop = async () => end(outcomeAt(Date.now()));
    return { ...createFakeExecutor(), observe: () => ended, stop };
  }

  /** An attempt of two lines. `end` stops it after both were read, and it ends with the outcome. */
  async function beginWithLostLine(
    outcome: Outcome,
  ): Promise<{ run: RunUid; worker: OpenWorker; end: () => Promise<void> }> {
    const fake = createFakeExecutor({ decide: () => ({ lines: [{ text: 'one' }, { text: 'two' }] }) });
    const late = endingLate(() => outcome);
    let readToItsEnd: () => void = () => undefined;
    const read = new Promise<void>((resolve) => (readToItsEnd = resolve));
    const executor: Executor = {
      ...fake,
      observe: (...args) => late.observe(...args),
      stop: (...args) => late.stop(...args),
      logs: async function* (...args) {
        yield* fake.logs(...args);
        readToItsEnd();
      },
    };
    const { run, worker } = await begin(executor);
    await read;
    const key = keys.log(run, 0, 1);
    const [first = ''] = (await worker.client.get(`${key}:0`))?.split(/(?<=\n)/) ?? [];
    await worker.client.set(`${key}:0`, first);
    await worker.client.hset(key, 'length', Buffer.byteLength(first), 'position', '1');
    return { run, worker, end: () => late.stop({ run, job: 'only', attempt: 1 }, 0, () => undefined) };
  }

  it('stores again what Redis has lost of its log before it closes', async () => {
    const { run, worker, end } = await beginWithLostLine(completed);
    await end();
    await worker.untilJob(run, 'only', 'SUCCESSFUL');
    await worker.runner.stop();
    expect(await worker.logOf(run, 0)).to.deep.equal(['one', 'two']);
    expect((await worker.store.runs.listAttempts(run, 0))[0]?.phases).to.have.property('closedAt');
  });

  it('stores again what Redis has lost of its log before another attempt follows', async () => {
    const { run, worker, end } = await beginWithLostLine({ reason: 'Lost' });
    await end();
    expect(await worker.untilJob(run, 'only', 'PENDING')).to.include({ reason: 'RetryBackoff' });
    expect(await worker.logOf(run, 0)).to.deep.equal(['one', 'two']);
  });

  it('stores again what Redis has lost of its log before it goes back into the queue', async () => {
    const { run, worker } = await beginWithLostLine({ reason: 'Lost' });
    await worker.runner.stop();
    expect(await worker.untilJob(run, 'only', 'PENDING')).to.include({ reason: 'Interrupted' });
    expect(await worker.logOf(run, 0)).to.deep.equal(['one', 'two']);
  });

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
    const [lease] = await store.leases.list(context.executorNumber());
    const by = { owner: 'other', executor: context.executorNumber(), ttlMs: 6_000, ownerGone: true };
    await store.transitions.adopt(lease!, by);
    await context.leases.tick();
    await worker.runner.stop();
    expect(executor.world.attempts.get(`${run}/only/1`)?.outcome, 'not stopped').to.equal(undefined);
    expect(await store.runs.findJob(run, 'only')).to.include({ status: 'RUNNING', attempt: 1 });
    expect(context.capacity.free).to.equal(context.capacity.total);
  });

  describe('that infrastructure takes', () => {
    const lost: Outcome = { reason: 'Lost', message: 'Nothing of it was found.' };
    /** Lets the backoff pass, and delivers the message of the next attempt. */
    async function goOn(run: RunUid, offsetMs: number): Promise<void> {
      if (!worker) throw new Error('there is no worker');
      await worker.untilIdle();
      await worker.forward(offsetMs);
      expect((await expireDeadlines(worker.context).sweep(never)).changed).to.equal(1);
      await worker.take(run);
    }
    /** An executor that loses the first `losses` attempts. */
    const losing = (losses: number, outcome = lost) =>
      createFakeExecutor({
        decide: ({ attempt }) => ({
          ...(attempt <= losses ? { outcome } : {}),
          lines: [{ text: `attempt ${String(attempt)}` }],
        }),
      });

    it('has a next one after the backoff, and each has its log', async () => {
      const executor = losing(1);
      const { run, worker } = await begin(executor);
      expect(await worker.untilJob(run, 'only', 'PENDING')).to.include({ reason: 'RetryBackoff', attempt: 1 });
      await worker.untilIdle();
      expect(worker.inbox.take(run)).to.eql([]);
      expect((await expireDeadlines(worker.context).sweep(never)).changed).to.equal(0);
      await goOn(run, 1_000);
      expect(await worker.untilJob(run, 'only', 'SUCCESSFUL')).to.include({ attempt: 2 });
      await worker.untilIdle();
      const attempts = await worker.store.runs.listAttempts(run, 0);
      expect(attempts.map(statusAndReason)).to.eql(['FAILED Lost', 'SUCCESSFUL Completed']);
      for (const { attempt, phases } of attempts) {
        expect(phases).to.have.property('closedAt');
        expect(await worker.logOf(run, 0, attempt)).to.eql([`attempt ${String(attempt)}`]);
        const log = await worker.store.logs.read(run, 0, attempt, { offset: 0, maxBytes: 1_000 });
        expect(log).to.include({ ended: true });
      }
      expect(executor.world.startCount).to.equal(2);
      expect(worker.context.capacity.free).to.equal(worker.context.capacity.total);
    });

    it('is Lost in the end when three more were', async () => {
      const { run, worker } = await begin(losing(4));
      for (const offsetMs of [1_000, 11_000, 71_000]) await goOn(run, offsetMs);
      const job = await worker.untilJob(run, 'only', 'FAILED');
      expect(job).to.include({ reason: 'Lost', message: lost.message, attempt: 4 });
      await worker.untilIdle();
      const attempts = await worker.store.runs.listAttempts(run, 0);
      expect(attempts.map(({ phases }) => phases.closedAt !== undefined)).to.eql([true, true, true, true]);
      expect((await worker.store.runs.getRun(run))?.status).to.equal('FAILED');
    });

    it('keeps the exit code that is known of it', async () => {
      const { run, worker } = await begin(losing(1, { reason: 'Evicted', exitCode: 137 }));
      await worker.untilJob(run, 'only', 'PENDING');
      await worker.untilIdle();
      const [first] = await worker.store.runs.listAttempts(run, 0);
      expect(first).to.include({ status: 'FAILED', reason: 'Evicted', exitCode: 137 });
    });

    it('is another thing than one that fails by itself', async () => {
      for (const reason of ['ExitCode', 'OutOfMemory', 'ConfigError'] as const) {
        const { run, worker } = await begin(losing(1, { reason, exitCode: 1 }));
        expect(await worker.untilJob(run, 'only', 'FAILED')).to.include({ reason, attempt: 1 });
        await worker.close();
      }
      worker = undefined;
    });

    it('is interrupted where its worker shuts down: the next one waits for nothing', async () => {
      const executor = holding();
      const stop: Executor['stop'] = (key) => {
        executor.end(key, lost);
        return Promise.resolve();
      };
      const { run, worker } = await begin({ ...executor, stop });
      await worker.runner.stop();
      expect(await worker.untilJob(run, 'only', 'PENDING')).to.include({ reason: 'Interrupted' });
      expect(worker.inbox.take(run)).to.eql([`${run}.0.2`]);
    });
  });
});

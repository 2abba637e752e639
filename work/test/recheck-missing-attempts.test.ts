import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import type { Executor } from '@chainr/executor/port';
import { pipelineOf } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { untilEvent } from '@chainr/testkit/waits';
import { recheckMissingAttempts } from '../src/sweeps/recheck-missing-attempts.js';
import { holding, never, openWorker, type OpenWorker } from './open-worker.js';

describe('an attempt that its observer does not find', () => {
  let worker: OpenWorker;
  let executor: ReturnType<typeof holding>;
  beforeEach(() => {
    executor = holding();
  });
  afterEach(() => worker.close());

  async function begin(its: Executor = executor): Promise<{ run: RunUid; sweep: () => Promise<number> }> {
    worker = await openWorker({}, its);
    const run = await worker.create(pipelineOf({ only: [] }));
    await worker.take(run);
    await untilEvent(worker.store.events, (event) => event.kind === 'job.reason' && event.reason === 'Executing');
    const look = recheckMissingAttempts(worker.context, worker.runner);
    return { run, sweep: async () => (await look.sweep(never)).changed };
  }
  /** The first observation of an attempt never learns of its end. */
  function deaf(): Executor {
    let isFirst = true;
    const observe: Executor['observe'] = (spec, onPhase, signal) => {
      if (!isFirst) return executor.observe(spec, onPhase, signal);
      isFirst = false;
      onPhase({ reason: 'Executing', at: Date.now() });
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('nobody waits any more'));
        });
      });
    };
    return { ...executor, observe };
  }
  /** Ends the attempt and removes its remains, as a stranger would. */
  async function vanish(run: RunUid): Promise<void> {
    const key = { run, job: 'only', attempt: 1 };
    executor.end(key, { reason: 'Signal', exitCode: 137 });
    await executor.remove(key, () => undefined);
  }

  it('is Lost if two passes do not find it, and its next attempt follows', async () => {
    const { run, sweep } = await begin(deaf());
    expect(await sweep()).to.equal(0);
    await vanish(run);
    expect(await sweep()).to.equal(0);
    expect(worker.runner.running).to.equal(1);
    expect(await sweep()).to.equal(1);
    expect(await worker.untilJob(run, 'only', 'PENDING')).to.include({ reason: 'RetryBackoff', attempt: 1 });
    await worker.untilIdle();
    const [first] = await worker.store.runs.listAttempts(run, 0);
    expect(first).to.include({ status: 'FAILED', reason: 'Lost', message: 'Nothing of it was found.' });
    expect(first?.phases).to.have.property('closedAt');
  });

  it('is left alone if only one pass misses it', async () => {
    let isHidden = false;
    let observations = 0;
    const { sweep } = await begin({
      ...executor,
      list: async () => (isHidden ? [] : executor.list()),
      observe: (...args) => {
        observations += 1;
        return executor.observe(...args);
      },
    });
    isHidden = true;
    expect(await sweep()).to.equal(0);
    isHidden = false;
    expect(await sweep()).to.equal(0);
    isHidden = true;
    expect(await sweep(), 'it counts anew').to.equal(0);
    expect(observations, 'no second look').to.equal(1);
    expect(worker.runner.running).to.equal(1);
  });

  it('is left alone if a second check finds it running', async () => {
    const { run, sweep } = await begin({ ...executor, list: () => Promise.resolve([]) });
    expect([await sweep(), await sweep()]).to.eql([0, 0]);
    expect(worker.runner.running).to.equal(1);
    executor.end({ run, job: 'only', attempt: 1 }, completed);
    expect(await worker.untilJob(run, 'only', 'SUCCESSFUL')).to.include({ attempt: 1 });
  });

  it('is not searched for by a worker without attempts', async () => {
    const { run } = await begin();
    executor.end({ run, job: 'only', attempt: 1 }, completed);
    await worker.untilIdle();
    const blind = { executor: { ...executor, list: () => Promise.reject(new Error('out of order')) } };
    expect(await recheckMissingAttempts(blind, worker.runner).sweep(never)).to.eql({ changed: 0 });
  });
});

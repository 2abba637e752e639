import { expect } from 'chai';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { pipelineOf } from '@chainr/testkit/builders';
import { metricValue } from '@chainr/testkit/metric-value';
import { openWorker, type OpenWorker } from './open-worker.js';

describe('the metrics of attempts', () => {
  let worker: OpenWorker | undefined;
  afterEach(() => worker?.close());

  const read = async (name: string, labels = {}) => metricValue(await worker!.context.metrics.text(), name, labels);
  const phase = (name: string, value: 'sum' | 'count') =>
    read(`chainr_attempt_phase_seconds_${value}`, { phase: name });

  it('are 0 before the first attempt', async () => {
    worker = await openWorker();
    expect(await phase('running', 'count')).to.equal(0);
    expect(await read('chainr_attempt_ends_total', { reason: 'Lost' })).to.equal(0);
  });

  it('have the phases of an attempt once it is closed, by its own times', async () => {
    const endedAt = Date.now();
    const startedAt = endedAt - 40_000;
    const outcome = { reason: 'Completed', exitCode: 0, startedAt, endedAt } as const;
    worker = await openWorker({}, createFakeExecutor({ decide: () => ({ outcome }) }));
    const run = await worker.create(pipelineOf({ a: [], b: ['a'] }));
    await worker.forward(30_000);
    await worker.take(run);
    await worker.untilJob(run, 'b', 'SUCCESSFUL');
    await worker.untilIdle();
    expect(await phase('waiting', 'count')).to.equal(2);
    expect(await phase('waiting', 'sum'), 'the first waited, the second was fused').to.be.within(30, 35);
    expect(await phase('running', 'sum')).to.equal(80);
    expect(await phase('starting', 'sum'), 'no phase is shorter than 0').to.equal(0);
    expect(await phase('closing', 'count')).to.equal(2);
    expect(await read('chainr_attempt_ends_total', { reason: 'Completed' })).to.equal(2);
    expect(await read('chainr_leases_adopted_total')).to.equal(0);
  });

  it('leave out phases that an attempt did not have', async () => {
    const outcome = { reason: 'ImagePullFailed' } as const;
    worker = await openWorker({}, createFakeExecutor({ decide: () => ({ outcome }) }));
    const run = await worker.create(pipelineOf({ a: [] }));
    await worker.take(run);
    await worker.untilJob(run, 'a', 'FAILED');
    await worker.untilIdle();
    expect(await phase('running', 'count')).to.equal(0);
    expect(await phase('closing', 'count')).to.equal(1);
    expect(await read('chainr_attempt_ends_total', { reason: 'ImagePullFailed' })).to.equal(1);
  });

  it('count an attempt that another one follows', async () => {
    const outcomes = [
      { reason: 'ExitCode', exitCode: 1 },
      { reason: 'Completed', exitCode: 0 },
    ] as const;
    let starts = 0;
    const decide = () => ({ outcome: outcomes[starts++]! });
    worker = await openWorker({}, createFakeExecutor({ decide }));
    const retries = { limit: 1, backoff: { initial: '1ms' } };
    const run = await worker.create(pipelineOf({ a: { retries } }));
    await worker.take(run);
    await worker.untilIdle();
    expect((await worker.store.runs.findJob(run, 'a'))?.reason).to.equal('RetryBackoff');
    expect(await read('chainr_attempt_ends_total', { reason: 'ExitCode' })).to.equal(1);
    expect(await phase('closing', 'count')).to.equal(1);
  });

  it('say why an attempt was stopped, not by which signal', async () => {
    const fake = createFakeExecutor({ decide: () => ({ hold: true }) });
    worker = await openWorker({}, fake);
    const run = await worker.create(pipelineOf({ a: [] }));
    await worker.take(run);
    await worker.store.transitions.cancel(run);
    await worker.context.leases.tick();
    await worker.untilIdle();
    expect(await read('chainr_attempt_ends_total', { reason: 'CanceledByUser' })).to.equal(1);
    expect(await read('chainr_attempt_ends_total', { reason: 'Signal' })).to.equal(0);
  });
});

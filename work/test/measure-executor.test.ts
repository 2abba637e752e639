import { expect } from 'chai';
import { Metrics } from '@chainr/core/service/metrics';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import type { AttemptSpec, Executor } from '@chainr/executor/port';
import { metricValue } from '@chainr/testkit/metric-value';
import { LeaseLost } from '../src/leases/held-lease.js';
import { measureExecutor } from '../src/measure-executor.js';

const spec: AttemptSpec = { run: 'r', job: 'j', attempt: 1, pipeline: '', steps: [] };
const holds = (): void => undefined;
const broken = () => Promise.reject(new Error('out of order'));

describe('a measured executor', () => {
  let metrics: Metrics;
  const errors = async (call: string) =>
    metricValue(await metrics.text(), 'chainr_executor_errors_total', { executor: 'fake', call });
  const calls = async (call: string) =>
    metricValue(await metrics.text(), 'chainr_executor_call_seconds_count', { executor: 'fake', call });

  beforeEach(() => {
    metrics = new Metrics('work');
  });

  const measured = (parts: Partial<Executor> = {}) => measureExecutor({ ...createFakeExecutor(), ...parts }, metrics);

  it('counts calls from 0, and answers as before', async () => {
    const executor = measured();
    expect(await calls('ensure')).to.equal(0);
    expect(await errors('observe')).to.equal(0);
    await executor.ensure(spec, holds);
    const outcome = await executor.observe(spec, holds, new AbortController().signal);
    expect(outcome).to.include({ reason: 'Completed' });
    expect(await executor.list()).to.deep.equal([{ run: 'r', job: 'j', attempt: 1, alive: false }]);
    await executor.remove(spec, holds);
    expect(await executor.list()).to.deep.equal([]);
    expect([await calls('ensure'), await calls('list'), await calls('remove')]).to.deep.equal([1, 2, 1]);
    expect([await errors('ensure'), await errors('list'), await errors('remove')]).to.deep.equal([0, 0, 0]);
  });

  it('counts what fails, and lets it fail', async () => {
    const executor = measured({ list: broken, observe: broken });
    for (const call of [executor.list(), executor.observe(spec, holds, new AbortController().signal)]) {
      const error: unknown = await call.catch((thrown: unknown) => thrown);
      expect(String(error)).to.include('out of order');
    }
    expect([await errors('list'), await errors('observe'), await calls('list')]).to.deep.equal([1, 1, 1]);
  });

  it('does not blame the executor for a lease that was lost, or for an end of observation', async () => {
    const lost = () => Promise.reject(new LeaseLost('it is gone'));
    const executor = measured({ ensure: lost, observe: broken });
    await executor.ensure(spec, holds).catch(() => undefined);
    await executor.observe(spec, holds, AbortSignal.abort()).catch(() => undefined);
    expect([await errors('ensure'), await errors('observe')]).to.deep.equal([0, 0]);
  });

  it('keeps what an executor need not have', async () => {
    expect(measured()).to.not.have.any.keys('readSecret', 'stored');
    const kept = { missing: 'nowhere' };
    const seen: string[] = [];
    const executor = measured({ readSecret: async () => kept, stored: (_, position) => seen.push(position) });
    expect(await executor.readSecret?.('x', spec)).to.equal(kept);
    executor.stored?.(spec, 'here');
    expect(seen).to.deep.equal(['here']);
  });
});

import { expect } from 'chai';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { metricValue } from '@chainr/testkit/metric-value';
import { untilFinal } from '@chainr/testkit/waits';
import { adoptLeases } from '../src/sweeps/adopt-leases.js';
import { AdoptionHoldOff } from '../src/sweeps/adoption-hold-off.js';
import { builtClaim } from './built-claim.js';
import { noHolder, openWorker, type OpenWorker } from './open-worker.js';

const long = 10 * 60_000;

describe('the sweep that takes over expired leases', () => {
  let worker: OpenWorker;

  beforeEach(async () => {
    worker = await openWorker({}, createFakeExecutor());
  });
  afterEach(() => worker.close());

  const sweep = () => adoptLeases(worker.context, worker.runner, new AdoptionHoldOff(worker.store, 0), () => true);

  it('leaves valid leases alone', async () => {
    await builtClaim(worker, 'other');
    expect((await sweep()).changed).to.equal(0);
  });

  it('continues attempts of another worker', async () => {
    const { run } = await builtClaim(worker, 'other');
    await worker.forward(long);
    expect((await sweep()).changed).to.equal(1);
    expect(metricValue(await worker.context.metrics.text(), 'chainr_leases_adopted_total')).to.equal(1);
    await untilFinal(worker.store.events, run);
    expect((await worker.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
  });

  it('leaves the leases of this worker alone, however late they are', async () => {
    const lease = await builtClaim(worker, worker.context.owner);
    worker.context.leases.hold(lease, performance.now(), noHolder);
    await worker.forward(long);
    expect((await sweep()).changed).to.equal(0);
  });

  it('adopts an attempt of its own that a rolled-back Redis brings back', async () => {
    const { run } = await builtClaim(worker, worker.context.owner);
    await worker.forward(long);
    expect((await sweep()).changed).to.equal(1);
    await untilFinal(worker.store.events, run);
    expect((await worker.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
  });
});

import { expect } from 'chai';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
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

  it('leaves what lasts', async () => {
    await builtClaim(worker, 'other');
    expect((await sweep()).changed).to.equal(0);
  });

  it('goes on with what another worker held', async () => {
    const { run } = await builtClaim(worker, 'other');
    await worker.forward(long);
    expect((await sweep()).changed).to.equal(1);
    await untilFinal(worker.store.events, run);
    expect((await worker.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
  });

  it('leaves what this worker holds, however late it is', async () => {
    const lease = await builtClaim(worker, worker.context.owner);
    worker.context.leases.hold(lease, performance.now(), noHolder);
    await worker.forward(long);
    expect((await sweep()).changed).to.equal(0);
  });

  it('goes on with what is its own and was let go of, which a Redis that lost its newest writes brings back', async () => {
    const { run } = await builtClaim(worker, worker.context.owner);
    await worker.forward(long);
    expect((await sweep()).changed).to.equal(1);
    await untilFinal(worker.store.events, run);
    expect((await worker.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
  });
});

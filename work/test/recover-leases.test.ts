import { expect } from 'chai';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { pipelineOf } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { untilFinal } from '@chainr/testkit/waits';
import { builtClaim } from './built-claim.js';
import { RecoverLeases } from '../src/leases/recover-leases.js';
import { openWorker, type OpenWorker } from './open-worker.js';

describe('a worker that starts after another one died', () => {
  const started: string[] = [];
  let worker: OpenWorker;
  let recovery: RecoverLeases;

  before(async () => {
    worker = await openWorker({}, createFakeExecutor({ onStart: ({ run, attempt }) => started.push(`${run} ${String(attempt)}`) })); // prettier-ignore
    recovery = new RecoverLeases(worker.context, worker.runner);
  });

  after(() => worker.close());

  it('adopts the attempts of the dead one, although their leases have not expired', async () => {
    const { run } = await builtClaim(worker, 'dead');
    await recovery.start();
    await untilFinal(worker.store.events, run);
    expect((await worker.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
    expect(started.filter((line) => line.startsWith(run))).to.deep.equal([`${run} 1`]);
    const [attempt] = await worker.store.runs.listAttempts(run, 0);
    expect(attempt).to.deep.include({ attempt: 1, status: 'SUCCESSFUL' });
  });

  it('closes ended attempts without starting anything', async () => {
    const lease = await builtClaim(worker, 'dead');
    await worker.store.transitions.finish(lease, completed, {});
    await recovery.start();
    await worker.untilIdle();
    const [attempt] = await worker.store.runs.listAttempts(lease.run, 0);
    expect(attempt?.phases).to.have.property('closedAt');
    expect(started.filter((line) => line.startsWith(lease.run))).to.deep.equal([]);
    expect(await worker.store.leases.list(worker.context.executorNumber())).to.deep.equal([]);
  });

  it('leaves the leases of other executors alone', async () => {
    const { store } = worker;
    const run = await worker.create(pipelineOf({ only: [] }));
    const elsewhere = await store.executors.register('fake:elsewhere', 'fake');
    await store.transitions.claim({ run, index: 0, attempt: 1 }, { owner: 'other', executor: elsewhere, ttlMs: 6_000 });
    await recovery.start();
    expect(await store.leases.list(elsewhere)).to.have.length(1);
  });

  it('hands out ready attempts again, whose messages may be lost', async () => {
    const run = await worker.create(pipelineOf({ a: [], b: [] }));
    const lost = worker.inbox.take(run);
    await worker.forward(10);
    await recovery.start();
    expect(worker.inbox.take(run)).to.have.members(lost);
    await worker.forward(0);
  });
});

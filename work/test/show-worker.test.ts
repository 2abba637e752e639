import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { ShowWorker } from '../src/show-worker.js';
import { holding, openWorker, type OpenWorker } from './open-worker.js';

describe('a worker that shows itself', () => {
  const executor = holding();
  let worker: OpenWorker;
  let shown: ShowWorker;

  beforeEach(async () => {
    worker = await openWorker({ capacity: 2 }, executor);
    shown = new ShowWorker(worker.context, () => worker.runner.running);
    await shown.start();
  });

  afterEach(async () => {
    await shown.stop();
    await worker.close();
  });

  it('is listed with what it does, and no more once it stops', async () => {
    await worker.take(await worker.create(pipelineOf({ a: [] })));
    await shown.tick();
    const [card, ...others] = await worker.store.workers.list();
    expect(others).to.deep.equal([]);
    expect(card).to.include({ executor: 'fake', capacity: 2, running: 1, draining: false });
    await shown.stop();
    expect(await worker.store.workers.list()).to.deep.equal([]);
  });

  it('takes nothing new while it is drained, and leaves what runs', async () => {
    const [card] = await worker.store.workers.list();
    await worker.take(await worker.create(pipelineOf({ a: [] })));
    await worker.store.workers.drain(card?.id ?? '', true);
    await shown.tick();
    const run = await worker.create(pipelineOf({ b: [] }));
    await worker.take(run);
    expect(worker.runner.running, 'what ran before').to.equal(1);
    expect(worker.inbox.count(run), 'back in the queue').to.equal(1);
    await worker.store.workers.drain(card?.id ?? '', false);
    await shown.tick();
    await worker.take(run);
    expect(worker.runner.running).to.equal(2);
  });

  it('is forgotten by others when it has not shown itself for half a minute', async () => {
    await worker.forward(31_000);
    expect(await worker.store.workers.list()).to.deep.equal([]);
    await shown.tick();
    expect(await worker.store.workers.list()).to.have.length(1);
  });
});

import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { completed } from '@chainr/testkit/outcomes';
import { claimBundle } from '../src/claim-bundle.js';
import { holding, openWorker, type OpenWorker } from './open-worker.js';

describe('a message at a worker', () => {
  const executor = holding();
  let worker: OpenWorker;

  beforeEach(async () => {
    worker = await openWorker({ capacity: 2 }, executor);
  });

  afterEach(() => worker.close());

  const fiveJobs = pipelineOf({ a: [], b: [], c: [], d: [], e: [] });

  it('is claimed as far as there is room, and the rest is handed out again', async () => {
    const run = await worker.create(fiveJobs);
    await worker.take(run);
    expect(worker.runner.running).to.equal(2);
    expect(worker.context.capacity.free).to.equal(0);
    expect((await worker.store.runs.getRun(run))?.jobCounts).to.include({ RUNNING: 2, PENDING: 3 });
    expect(worker.inbox.count(run), 'in new messages').to.equal(3);
  });

  it('gives back the places of ids that cannot be claimed', async () => {
    const run = await worker.create(pipelineOf({ only: [] }));
    const ids = worker.inbox.take(run);
    await claimBundle(worker.context, worker.runner, [...ids, ...ids]);
    expect(worker.runner.running, 'an id that comes twice').to.equal(1);
    const gone = '01a1fbff-0000-7000-8000-000000000000.0.1';
    await claimBundle(worker.context, worker.runner, [gone]);
    expect(worker.context.capacity.free, 'a run that is gone').to.equal(1);
  });

  it('goes back into the queue during a pause, and nothing more is fetched', async () => {
    const run = await worker.create(pipelineOf({ a: [], b: [] }));
    await worker.store.workers.pause(true);
    await worker.take(run);
    expect(worker.runner.running).to.equal(0);
    expect(worker.inbox.count(run), 'in new messages').to.equal(2);
    expect(worker.context.capacity.draining).to.be.true;
    await worker.store.workers.pause(false);
    worker.context.capacity.drain(false);
    await worker.take(run);
    expect(worker.runner.running).to.equal(2);
  });

  it('makes room again when an attempt ends, and the next message is taken', async () => {
    const run = await worker.create(fiveJobs);
    await worker.take(run);
    const jobs = await worker.store.runs.listJobs(run, { from: 0, limit: 5 });
    const running = jobs.filter(({ status }) => status === 'RUNNING');
    for (const { name } of running) executor.end({ run, job: name, attempt: 1 }, completed);
    await Promise.all(running.map(({ name }) => worker.untilJob(run, name, 'SUCCESSFUL')));
    await worker.context.capacity.room(new AbortController().signal);
    await worker.take(run);
    expect((await worker.store.runs.getRun(run))?.jobCounts['RUNNING']).to.be.greaterThan(0);
  });
});

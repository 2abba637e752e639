import { expect } from 'chai';
import { pipelineOf, type JobShape } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { completed } from '@chainr/testkit/outcomes';
import { nextMillisecond } from '@chainr/testkit/waits';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import type { Pipeline } from '../../../src/pipeline/pipeline.js';
import { keys, parseAttemptId } from '../../../src/store/redis/keys.js';

const whole = { closeGraceMs: 0 };

describe('maxParallel (see Slots)', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  /** Waits for the next millisecond, since jobs that became ready in one millisecond have no order. */
  const create = async (jobs: Record<string, JobShape>, head: Partial<Pipeline>) => {
    const run = await open.create({ ...pipelineOf(jobs), ...head });
    await nextMillisecond(open.store);
    return run;
  };
  const some = (count: number, shape: JobShape = []) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`job-${String(at)}`, shape]));
  const slots = async (run: string) => (await open.client.zrange(keys.slots(run), 0, '-1')).sort();
  /** The indexes of the jobs handed out since the last call. */
  const handedOut = (run: string) => open.inbox.take(run).map((id) => parseAttemptId(id).index);
  const finish = async (run: string, index: number) =>
    open.store.transitions.finish(await claimJob(open.store, run, index), completed, {}, whole);
  const reasonsOf = async (run: string) =>
    (await open.store.runs.listJobs(run, { from: 0, limit: 100 })).map(({ reason }) => reason);

  it('hands out as many jobs as may run, and another one at each end', async () => {
    const run = await create(some(5), { maxParallel: 2 });
    expect(handedOut(run)).to.eql([0, 1]);
    expect(await reasonsOf(run)).to.eql(['Queued', 'Queued', 'WaitingForSlot', 'WaitingForSlot', 'WaitingForSlot']);
    await claimJob(open.store, run, 1);
    expect(await slots(run)).to.eql(['1']);
    expect(handedOut(run), 'a claim frees nothing').to.eql([]);
    await finish(run, 0);
    expect(handedOut(run)).to.eql([2]);
    expect(await slots(run)).to.eql(['1']);
    expect(await reasonsOf(run)).to.eql(['Completed', 'Starting', 'Queued', 'WaitingForSlot', 'WaitingForSlot']);
  });

  it('has no slots for a run without it', async () => {
    const run = await create(some(2), {});
    await claimJob(open.store, run, 0);
    expect(await open.client.exists(keys.slots(run))).to.equal(0);
  });

  it('gives the slot of an attempt that is given back to jobs that waited before', async () => {
    const run = await create(some(2), { maxParallel: 1 });
    const lease = await claimJob(open.store, run, 0);
    handedOut(run);
    await open.store.transitions.requeue(lease, 'Interrupted', 'Its worker stopped.', { removalGraceMs: 0 });
    expect(await slots(run)).to.eql([]);
    expect(handedOut(run)).to.eql([1]);
    expect(await open.store.runs.findJob(run, 'job-0')).to.include({
      reason: 'WaitingForSlot',
      message: 'Ready; waiting for a free slot (maxParallel).',
    });
  });

  it('says that a job that was given back waits for a slot', async () => {
    const run = await create(some(2), { maxParallel: 1 });
    const lease = await claimJob(open.store, run, 0);
    const cursor = await open.store.events.lastCursor();
    await open.store.transitions.requeue(lease, 'Interrupted', 'Its worker stopped.', { removalGraceMs: 0 });
    const { events } = await open.store.events.readEvents(cursor, 10);
    const ofJob = events.flatMap((event) => ('job' in event && event.job === 'job-0' ? [`${event.kind} ${event.reason}`] : [])); // prettier-ignore
    expect(ofJob).to.eql(['job.status Interrupted', 'job.reason WaitingForSlot']);
  });

  it('frees the slot during a backoff', async () => {
    const run = await create(some(2), { maxParallel: 1 });
    const lease = await claimJob(open.store, run, 0);
    handedOut(run);
    await open.store.transitions.retry(lease, { reason: 'Lost' }, {}, { removalGraceMs: 0 });
    expect(await slots(run)).to.eql([]);
    expect(handedOut(run)).to.eql([1]);
    await claimJob(open.store, run, 1);
    await setClock(open.redis.url, 1_000);
    await open.store.transitions.expire();
    expect(handedOut(run), 'its place is taken').to.eql([]);
    expect(await open.store.runs.findJob(run, 'job-0')).to.include({ reason: 'WaitingForSlot' });
  });

  it('keeps the slot when the lease is adopted', async () => {
    const run = await create(some(2), { maxParallel: 1 });
    const lease = await claimJob(open.store, run, 0);
    handedOut(run);
    const executor = await open.store.executors.register('fake:test', 'fake');
    await open.store.transitions.adopt(lease, { owner: 'heir', executor, ttlMs: 60_000, ownerGone: true });
    expect(await slots(run)).to.eql(['0']);
    expect(handedOut(run)).to.eql([]);
  });

  it('lets an end claim no more dependents than there are slots', async () => {
    const run = await create({ first: [], ...some(3, ['first']) }, { maxParallel: 2 });
    const fuse = { ttlMs: 60_000, atMost: 10 };
    const lease = await claimJob(open.store, run, 0);
    const ended = await open.store.transitions.finish(lease, completed, {}, { ...whole, fuse });
    expect(ended.kind === 'ok' && ended.fused.map(({ lease: { index } }) => index)).to.eql([1, 2]);
    expect(await slots(run)).to.eql(['1', '2']);
    expect((await reasonsOf(run))[3]).to.equal('WaitingForSlot');
  });

  it('puts all roots of a large run but the first into the backlog, and comes to its end', async () => {
    const run = await create(some(600), { maxParallel: 3 });
    let next = handedOut(run);
    expect(next).to.have.length(3);
    const order: number[] = [];
    while (next.length > 0) {
      for (const index of next) await finish(run, index);
      order.push(...next);
      next = handedOut(run);
      expect(next.length).to.be.at.most(3);
    }
    expect(order, 'in the order of the pipeline').to.eql(Array.from({ length: 600 }, (_, at) => at));
    expect(await open.store.runs.getRun(run)).to.include({ status: 'SUCCESSFUL' });
    for (const key of [keys.slots(run), keys.backlog(run)]) expect(await open.client.exists(key)).to.equal(0);
  });

  it('takes the highest priority first, whatever became ready before', async () => {
    const run = await create({ runs: [], low: { priority: -5 }, high: { priority: 7 }, same: { priority: 7 } }, { maxParallel: 1 }); // prettier-ignore
    const order: number[] = [];
    for (let [next] = handedOut(run); next !== undefined; [next] = handedOut(run)) {
      order.push(next);
      await finish(run, next);
    }
    expect(order.map((index) => ['runs', 'low', 'high', 'same'][index])).to.eql(['high', 'same', 'runs', 'low']);
  });
});

import { expect } from 'chai';
import { pipelineOf, type JobShape } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import type { Pipeline } from '../../../src/pipeline/pipeline.js';
import { timelineOf } from '../../../src/timeline/timeline.js';

const exit3 = { reason: 'ExitCode', exitCode: 3 } as const;
const flaky = { retries: { limit: 5, backoff: { initial: '1s' } } };

describe('an attempt that nobody claimed does not count', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const create = (jobs: Record<string, JobShape>, head: Partial<Pipeline> = {}) =>
    open.create({ ...pipelineOf(jobs), ...head });
  const policy = { limit: 5, initialMs: 1_000, factor: 1, maxMs: 1_000 };
  /** Fails an attempt of the first job. The next one starts after its backoff. */
  const fail = async (run: string, attempt = 1) => {
    const lease = await claimJob(open.store, run, 0, { attempt });
    const reply = await open.store.transitions.retry(lease, exit3, {}, { removalGraceMs: 0, retries: policy });
    expect(reply).to.equal('ok');
  };
  const passBackoff = async (offsetMs = 1_000) => {
    await setClock(open.redis.url, offsetMs);
    await open.store.transitions.expire();
  };
  /** The attempt numbers of a job in its events, in the job itself, in its attempts and in its timeline. */
  const told = async (run: string, name: string) => {
    const { events } = await open.store.events.readEvents('0-0', 1_000);
    const job = (await open.store.runs.findJob(run, name))!;
    const record = (await open.store.runs.getRun(run))!;
    const timed = timelineOf(record, await open.store.runs.listTimedJobs(run), await open.store.now());
    return {
      events: events.flatMap((event) =>
        'job' in event && event.run === run && event.job === name ? [`${event.status}.${String(event.attempt)}`] : [],
      ),
      attempt: job.attempt,
      attempts: (await open.store.runs.listAttempts(run, job.index)).map(({ attempt }) => attempt),
      timeline: timed.jobs(job.index, 1)[0]?.attempts.map(({ attempt }) => attempt),
    };
  };

  it('if its job was canceled in the backoff after the second one', async () => {
    const run = await create({ a: flaky });
    await fail(run);
    await passBackoff();
    await fail(run, 2);
    await open.store.transitions.cancel(run);
    expect(await told(run, 'a')).to.eql({
      events: ['RUNNING.1', 'PENDING.1', 'PENDING.1', 'RUNNING.2', 'PENDING.2', 'CANCELED.2'],
      attempt: 2,
      attempts: [1, 2],
      timeline: [1, 2, undefined],
    });
  });

  it('if its job was canceled in the queue, after its backoff and while the instance is paused', async () => {
    const run = await create({ a: flaky });
    await fail(run);
    await open.store.workers.pause(true);
    await passBackoff();
    await open.store.transitions.cancel(run);
    expect(await told(run, 'a')).to.eql({
      events: ['RUNNING.1', 'PENDING.1', 'PENDING.1', 'CANCELED.1'],
      attempt: 1,
      attempts: [1],
      timeline: [1, undefined],
    });
  });

  it('if its job was given back by its worker, and canceled before another one took it', async () => {
    const run = await create({ a: [] });
    await open.store.transitions.requeue(await claimJob(open.store, run, 0), 'Interrupted', '', { removalGraceMs: 0 });
    await open.store.transitions.cancel(run);
    expect(await told(run, 'a')).to.eql({
      events: ['RUNNING.1', 'PENDING.1', 'CANCELED.1'],
      attempt: 1,
      attempts: [1],
      timeline: [1, undefined],
    });
  });

  it('if its job waited for a slot again', async () => {
    const run = await create({ a: flaky, b: [] }, { maxParallel: 1 });
    await fail(run);
    await claimJob(open.store, run, 1);
    await passBackoff();
    expect(await open.store.runs.findJob(run, 'a')).to.include({ reason: 'WaitingForSlot', attempt: 1 });
    await open.store.transitions.cancel(run);
    expect((await told(run, 'a')).events.at(-1)).to.equal('CANCELED.1');
  });

  it('if its job was in its backoff when the timeout of the run passed', async () => {
    const run = await create({ a: flaky }, { timeoutMs: 500 });
    await fail(run);
    await passBackoff(500);
    expect(await told(run, 'a')).to.eql({
      events: ['RUNNING.1', 'PENDING.1', 'CANCELED.1'],
      attempt: 1,
      attempts: [1],
      timeline: [1, undefined],
    });
  });

  it('if its job was retried by hand, and canceled before it started', async () => {
    const run = await create({ a: [], b: [] });
    await claimJob(open.store, run, 1);
    await open.store.transitions.finish(await claimJob(open.store, run, 0), exit3, {}, { closeGraceMs: 0 });
    expect((await open.store.transitions.reopen(run, 0, [])).kind).to.equal('ok');
    await open.store.transitions.cancel(run);
    expect(await told(run, 'a')).to.eql({
      events: ['RUNNING.1', 'FAILED.1', 'PENDING.1', 'CANCELED.1'],
      attempt: 1,
      attempts: [1],
      timeline: [1, undefined],
    });
  });

  it('if its job was ready, waited or was skipped, and never ran', async () => {
    const run = await create({ fails: [], skipped: ['fails'], ready: [], waits: ['ready'] });
    await open.store.transitions.finish(await claimJob(open.store, run, 0), exit3, {}, { closeGraceMs: 0 });
    await open.store.transitions.cancel(run);
    const none = { attempt: 0, attempts: [], timeline: [undefined] };
    expect(await told(run, 'skipped')).to.eql({ events: ['SKIPPED.0'], ...none });
    expect(await told(run, 'ready')).to.eql({ events: ['CANCELED.0'], ...none });
    expect(await told(run, 'waits')).to.eql({ events: ['CANCELED.0'], ...none });
  });
});

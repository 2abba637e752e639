import { expect } from 'chai';
import { dependenciesOf, pipelineOf, type JobShape } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { completed } from '@chainr/testkit/outcomes';
import { statusesOfJobs } from '@chainr/testkit/statuses';
import { nextMillisecond } from '@chainr/testkit/waits';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { askToEnd } from '@chainr/testkit/ask-to-end';
import { transitiveDependents } from '../../../src/engine/transitive-dependents.js';
import type { Pipeline } from '../../../src/pipeline/pipeline.js';
import { keys } from '../../../src/store/redis/keys.js';
import { composeLibrary } from '../../../src/store/script/library.js';
import { libraryWithMistake } from '../histories/other-libraries.js';

const failed = { reason: 'ExitCode', exitCode: 3 } as const;
const whole = { closeGraceMs: 0 };
const onFailure = (job: string) => ({ job, conditions: { failure: true } });

describe('a retry by hand', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  interface Begun {
    run: string;
    pipeline: Pipeline;
  }
  /** A run with a job that fails first, and a job `keeps` that keeps the run live. */
  async function begin(jobs: Record<string, JobShape>, head: Partial<Pipeline> = {}): Promise<Begun> {
    const pipeline = { ...pipelineOf({ fails: [], ...jobs, keeps: [] }), ...head };
    const run = await open.create(pipeline);
    await nextMillisecond(open.store); // Jobs that became ready in one millisecond have no order.
    return { run, pipeline };
  }
  const fail = async ({ run }: Begun, index = 0, attempt = 1) =>
    open.store.transitions.finish(await claimJob(open.store, run, index, { attempt }), failed, {}, whole);
  const reopen = ({ run, pipeline }: Begun, index = 0) => {
    const dependencies = dependenciesOf(pipeline);
    const dependents = transitiveDependents(dependencies, [index]);
    return open.store.transitions.reopen(run, index, dependents.map((at) => ({ index: at, dependencies: dependencies[at]! }))); // prettier-ignore
  };
  const statuses = ({ run }: Begun) => statusesOfJobs(open.store, run);
  const marks = async ({ run }: Begun) => {
    const all = await open.client.zrange(keys.marks('fake'), 0, '-1');
    return all.filter((id) => id.startsWith(run)).map((id) => id.slice(run.length + 1)).sort(); // prettier-ignore
  };

  it('makes the next attempt ready, and keeps the one that failed', async () => {
    const begun = await begin({});
    const { run } = begun;
    await fail(begun);
    open.inbox.take(run);
    expect(await reopen(begun)).to.eql({ kind: 'ok', attempt: 2 });
    expect((await statuses(begun))['fails']).to.equal('PENDING Queued');
    expect(open.inbox.take(run)).to.eql([`${run}.0.2`]);
    const next = await claimJob(open.store, run, 0, { attempt: 2 });
    await open.store.transitions.finish(next, completed, {}, whole);
    const attempts = await open.store.runs.listAttempts(run, 0);
    expect(attempts.map(({ attempt, status, reason, exitCode }) => [attempt, status, reason, exitCode])).to.eql([
      [1, 'FAILED', 'ExitCode', 3],
      [2, 'SUCCESSFUL', 'Completed', 0],
    ]);
    await open.store.transitions.finish(await claimJob(open.store, run, 1), completed, {}, whole);
    expect((await open.store.runs.getRun(run))?.status, 'the failure counts no more').to.equal('SUCCESSFUL');
  });

  it('makes its skipped dependents wait again, and theirs', async () => {
    const begun = await begin({
      a: ['fails'],
      b: ['a'],
      c: [{ job: 'b', conditions: { success: true, skipped: true } }],
    });
    await fail(begun);
    expect(await statuses(begun)).to.include({ a: 'SKIPPED ConditionNotMet', b: 'SKIPPED DependencySkipped', c: 'PENDING Queued' }); // prettier-ignore
    expect(await reopen(begun)).to.eql({ kind: 'ok', attempt: 2 });
    const waits = 'PENDING WaitingForDependencies';
    expect(await statuses(begun)).to.include({ a: waits, b: waits, c: waits });
    expect(await marks(begun), 'that of c is gone').to.eql(['0.2', '4.1']);
    const { run } = begun;
    const by = { owner: 'owner', executor: 1, ttlMs: 60_000 };
    expect(await open.store.transitions.claim({ run, index: 3, attempt: 1 }, by)).to.equal('waiting');
    await open.store.transitions.finish(await claimJob(open.store, run, 0, { attempt: 2 }), completed, {}, whole);
    expect(await statuses(begun)).to.include({ a: 'PENDING Queued', b: waits, c: waits });
  });

  it('leaves a job skipped that another job has skipped for good', async () => {
    const begun = await begin({ other: [], a: ['fails', onFailure('other')], b: ['a', 'fails'] });
    await open.store.transitions.finish(await claimJob(open.store, begun.run, 1), completed, {}, whole);
    await fail(begun);
    expect(await reopen(begun)).to.eql({ kind: 'ok', attempt: 2 });
    expect(await statuses(begun)).to.include({ a: 'SKIPPED ConditionNotMet', b: 'SKIPPED DependencySkipped' });
  });

  it('takes back a dependent that waits for a slot', async () => {
    const begun = await begin({ cure: [onFailure('fails')] }, { maxParallel: 1 });
    await fail(begun);
    expect(await statuses(begun)).to.include({ keeps: 'PENDING Queued', cure: 'PENDING WaitingForSlot' });
    expect(await reopen(begun)).to.eql({ kind: 'ok', attempt: 2 });
    expect(await statuses(begun)).to.eql({
      fails: 'PENDING WaitingForSlot',
      cure: 'PENDING WaitingForDependencies',
      keeps: 'PENDING Queued',
    });
    expect(await open.client.zrange(keys.backlog(begun.run), 0, '-1')).to.eql(['00000']);
    expect(await marks(begun)).to.eql(['2.1']);
  });

  it('keeps a job in the backlog that the same call makes ready again', async () => {
    const onSkipped = { job: 'between', conditions: { skipped: true } };
    const begun = await begin({ other: [], between: ['fails', 'other'], last: [onSkipped] }, { maxParallel: 1 });
    await fail(begun);
    const other = await claimJob(open.store, begun.run, 1);
    expect((await statuses(begun))['last']).to.equal('PENDING WaitingForSlot');
    await Promise.all([reopen(begun), open.store.transitions.finish(other, failed, {}, whole)]);
    expect(await statuses(begun)).to.include({ between: 'SKIPPED ConditionNotMet', last: 'PENDING WaitingForSlot' });
    expect(await open.client.zrange(keys.backlog(begun.run), 0, '-1')).to.have.members(['00000', '00003']);
  });

  for (const maxParallel of [0, 1]) {
    const where = maxParallel === 0 ? 'handed out' : 'put into the backlog';
    it(`takes back what the same call has ${where}`, async () => {
      const begun = await begin({ cure: [onFailure('fails')] }, maxParallel > 0 ? { maxParallel } : {});
      const { run } = begun;
      const lease = await claimJob(open.store, run, 0);
      open.inbox.take(run);
      const [, reply] = await Promise.all([open.store.transitions.finish(lease, failed, {}, whole), reopen(begun)]);
      expect(reply).to.eql({ kind: 'ok', attempt: 2 });
      expect((await statuses(begun))['cure']).to.equal('PENDING WaitingForDependencies');
      const handedOut = maxParallel === 0 ? [`${run}.0.2`] : [];
      expect(open.inbox.take(run).filter((id) => !id.startsWith(`${run}.2.`))).to.eql(handedOut);
      await open.store.transitions.finish(await claimJob(open.store, run, 2), completed, {}, whole);
      await open.store.transitions.finish(await claimJob(open.store, run, 0, { attempt: 2 }), completed, {}, whole);
      expect((await open.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
      expect(await open.client.exists(keys.backlog(run)), 'its backlog').to.equal(0);
      expect(await marks(begun)).to.eql([]);
    });
  }

  it('takes back a dependent whose claim the same call has parked, and other runs of the call go on', async () => {
    const begun = await begin({ cure: [onFailure('fails')], other: { pool: 'gpu' } }, { maxParallel: 2 });
    await fail(begun);
    const other = await open.create(pipelineOf({ a: [], b: [], c: [] }, { maxParallel: 1 }));
    const lease = await claimJob(open.store, other, 0);
    for (const index of [2, 3]) await claimJob(open.store, begun.run, index); // They have the slots.
    const executor = await open.store.executors.register('fake:test', 'fake');
    const by = { owner: 'owner', executor, ttlMs: 60_000 };
    open.inbox.take(other);
    const replies = await Promise.all([
      open.store.transitions.finish(lease, completed, {}, whole),
      open.store.transitions.claim({ run: begun.run, index: 1, attempt: 1 }, by),
      reopen(begun),
    ]);
    expect(replies.slice(1)).to.eql(['parked', { kind: 'ok', attempt: 2 }]);
    expect((await statuses(begun))['cure']).to.equal('PENDING WaitingForDependencies');
    expect(open.inbox.take(other)).to.eql([`${other}.1.1`]);
    expect(await open.client.zrange(keys.backlog(other), 0, '-1')).to.eql(['00002']);
  });

  it('emits its events, dependents first', async () => {
    const begun = await begin({ a: ['fails'], cure: [onFailure('fails')] });
    await fail(begun);
    const cursor = await open.store.events.lastCursor();
    await reopen(begun);
    const { events } = await open.store.events.readEvents(cursor, 10);
    const told = events.map((event) => ('job' in event ? [event.kind, event.job, event.status, event.reason, event.attempt] : [])); // prettier-ignore
    expect(told).to.eql([
      ['job.status', 'a', 'PENDING', 'WaitingForDependencies', 0],
      ['job.reason', 'cure', 'PENDING', 'WaitingForDependencies', 0],
      ['job.status', 'fails', 'PENDING', 'Queued', 1],
    ]);
  });

  it('can be done again and again', async () => {
    const begun = await begin({ a: ['fails'] });
    for (const attempt of [1, 2, 3]) {
      await fail(begun, 0, attempt);
      expect((await statuses(begun))['a']).to.equal('SKIPPED ConditionNotMet');
      expect(await reopen(begun)).to.eql({ kind: 'ok', attempt: attempt + 1 });
    }
    expect(await open.store.runs.listAttempts(begun.run, 0)).to.have.length(3);
  });

  describe('is refused', () => {
    it('as gone for a run or job that does not exist', async () => {
      const begun = await begin({});
      expect(await open.store.transitions.reopen('01990000-0000-7000-8000-00000000dead', 0, [])).to.eql({
        kind: 'gone',
      });
      expect(await open.store.transitions.reopen(begun.run, 7, [])).to.eql({ kind: 'gone' });
    });

    it('as final after the end of its run', async () => {
      const begun = await begin({});
      await fail(begun);
      await open.store.transitions.finish(await claimJob(open.store, begun.run, 1), completed, {}, whole);
      expect(await reopen(begun)).to.eql({ kind: 'final' });
    });

    for (const request of ['cancel', 'timeout'] as const) {
      it(`as ending after the ${request} of its run`, async () => {
        const begun = await begin({});
        await fail(begun);
        await claimJob(open.store, begun.run, 1);
        await askToEnd(open, begun.run, request);
        expect(await reopen(begun)).to.eql({ kind: 'ending' });
      });
    }

    it('by the status of a job that has not failed', async () => {
      const begun = await begin({ skipped: ['fails'], waits: ['keeps'] });
      await fail(begun);
      await claimJob(open.store, begun.run, 3);
      for (const index of [1, 2, 3]) expect(await reopen(begun, index)).to.eql({ kind: 'status' });
    });

    it('as busy until its attempt is closed', async () => {
      const begun = await begin({});
      const lease = await claimJob(open.store, begun.run, 0);
      await open.store.transitions.finish(lease, failed, {});
      expect(await reopen(begun)).to.eql({ kind: 'busy' });
      await open.store.transitions.appendLog(lease, { length: 0, bytes: Buffer.alloc(0), position: '', end: true });
      await open.store.transitions.close(lease, 0);
      expect(await reopen(begun)).to.eql({ kind: 'ok', attempt: 2 });
    });

    it('as claimed if a dependent has run, even an indirect one', async () => {
      const begun = await begin({ a: ['fails'], cure: [{ job: 'a', conditions: { skipped: true } }] });
      await fail(begun);
      await claimJob(open.store, begun.run, 2);
      const before = await open.client.hgetallBuffer(keys.run(begun.run));
      expect(await reopen(begun)).to.eql({ kind: 'claimed', index: 2 });
      expect(await open.client.hgetallBuffer(keys.run(begun.run)), 'nothing changes').to.eql(before);
    });

    it('as claimed if a dependent was claimed and given back', async () => {
      const begun = await begin({ cure: [onFailure('fails')] });
      await fail(begun);
      await open.store.transitions.requeue(await claimJob(open.store, begun.run, 1), 'Interrupted', '', {
        removalGraceMs: 0,
      });
      expect(await reopen(begun)).to.eql({ kind: 'claimed', index: 1 });
    });

    it('for one of two at the same time', async () => {
      const begun = await begin({});
      await fail(begun);
      const replies = await Promise.all([reopen(begun), reopen(begun)]);
      expect(replies.map(({ kind }) => kind)).to.eql(['ok', 'status']);
    });
  });

  it('is refused as busy while edges of its run are unresolved', async () => {
    const little = libraryWithMistake(' edges = 1000,', ' edges = 200,', composeLibrary());
    const slow = await openStore({ library: little });
    try {
      const pipeline = pipelineOf({ fails: [], ...Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`skipped-${at}`, ['fails']])), keeps: [] }); // prettier-ignore
      const run = await slow.create(pipeline);
      const lease = await claimJob(slow.store, run, 0);
      const dependencies = dependenciesOf(pipeline);
      const dependents = transitiveDependents(dependencies, [0]).map((at) => ({ index: at, dependencies: dependencies[at]! })); // prettier-ignore
      const [, first] = await Promise.all([slow.store.transitions.finish(lease, failed, {}, whole), slow.store.transitions.reopen(run, 0, dependents)]); // prettier-ignore
      expect(first).to.eql({ kind: 'busy' });
      expect(await slow.store.transitions.reopen(run, 0, dependents)).to.eql({ kind: 'ok', attempt: 2 });
      expect((await slow.store.runs.getRun(run))?.jobCounts).to.include({ SKIPPED: 0, PENDING: 302 });
    } finally {
      await slow.close();
    }
  });
});

import { expect } from 'chai';
import { claimJob } from '@chainr/testkit/claim-job';
import { endRun } from '@chainr/testkit/end-run';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import type { Store } from '../../src/store/store.js';
import { preparePipeline, type PipelineReading } from '../../src/usecases/prepare-pipeline.js';
import { rerun } from '../../src/usecases/rerun.js';
import { retry } from '../../src/usecases/retry.js';
import { submit, type RunMaking } from '../../src/usecases/submit.js';

const unknown = '00000000-0000-7000-8000-000000000000';
const noSuchRun = { kind: 'no-run', message: `There is no run "${unknown}".` };
const keyReused = {
  kind: 'key-reused',
  message: 'This idempotency key was used for another request; use a new key for a new run.',
};
const pipelines: PipelineReading = { read: (sent) => Promise.resolve(preparePipeline(sent)) };

const sourceOf = (jobs: object) => ({
  contentType: 'application/json',
  text: JSON.stringify({ kind: 'Pipeline', jobs }),
});
const job = { image: 'busybox', run: 'exit 0' };
const chain = sourceOf({ first: job, second: { ...job, dependsOn: [{ job: 'first' }] } });

describe('the use cases that start runs', () => {
  let open: OpenStore;
  let making: RunMaking & { store: Store };
  before(async () => {
    open = await openStore();
    making = { store: open.store, pipelines, defaultPool: 'fake' };
  });
  after(() => open.close());

  async function create(source = sourceOf({ only: job })): Promise<string> {
    const made = await submit(making, source);
    if (!('uid' in made)) throw new Error(made.message);
    return made.uid;
  }

  it('submit a pipeline once for each key', async () => {
    const key = { scope: 'me', key: 'submit' };
    const first = await submit(making, chain, { key });
    expect(first).to.include({ kind: 'created', jobCount: 2 });
    expect(await submit(making, chain, { key })).to.eql({ ...first, kind: 'replayed' });
    expect(await submit(making, sourceOf({ other: job }), { key })).to.eql(keyReused);
  });

  it('store nothing for a client that left while its pipeline was read', async () => {
    const count = async () => Object.values(await open.store.runs.countRuns()).reduce((sum, each) => sum + each, 0);
    const before = await count();
    let isRead = false;
    const slow: PipelineReading = { read: (sent) => ((isRead = true), pipelines.read(sent)) };
    const left = await submit({ ...making, pipelines: slow, isGone: () => isRead }, chain);
    expect(left).to.include({ kind: 'client-gone' });
    expect(await count()).to.equal(before);
    expect(await submit({ ...making, isGone: () => false }, chain)).to.include({ kind: 'created' });
  });

  it('name every mistake of an invalid pipeline', async () => {
    const refused = await submit(making, sourceOf({ a: { ...job, dependsOn: [{ job: 'b' }] } }));
    expect(refused.kind).to.equal('invalid-pipeline');
    expect(refused).to.have.property('mistakes').that.has.length(1);
    expect(refused).to.have.nested.property('mistakes[0].path', 'jobs.a.dependsOn[0].job');
  });

  it('rerun failed jobs, once for each key', async () => {
    const uid = await create();
    await endRun(open.store, uid, { fails: true });
    const key = { scope: 'me', key: 'rerun' };
    const made = await rerun(making, uid, 'failed', key);
    expect(made.kind).to.equal('created');
    expect(await rerun(making, uid, 'failed', key)).to.eql({ ...made, kind: 'replayed' });
    expect(await rerun(making, uid, 'all', key)).to.eql(keyReused);
    expect((await open.store.runs.getRun('uid' in made ? made.uid : ''))?.rerunOf).to.equal(uid);
  });

  it('run again a job with rerun: always that had succeeded', async () => {
    const uid = await create(sourceOf({ up: { ...job, rerun: 'always' }, plain: job, fails: job }));
    for (const [index, exitCode] of [0, 0, 1].entries()) {
      const reason = exitCode === 0 ? 'Completed' : 'ExitCode';
      await open.store.transitions.finish(await claimJob(open.store, uid, index), { reason, exitCode }, {});
    }
    const made = await rerun(making, uid, 'failed');
    const begun = await open.store.runs.listJobs('uid' in made ? made.uid : '', { from: 0, limit: 3 });
    expect(begun.map(({ name, reason }) => [name, reason])).to.eql([
      ['up', 'Queued'],
      ['plain', 'Reused'],
      ['fails', 'Queued'],
    ]);
  });

  it('refuse a rerun with nothing to run, of unknown jobs, and of an unknown run', async () => {
    const uid = await create();
    await endRun(open.store, uid);
    expect((await rerun(making, uid, 'failed')).kind).to.equal('nothing-failed');
    expect(await rerun(making, uid, ['only', 'onyl'])).to.eql({
      kind: 'unknown-jobs',
      message: 'The run does not have every named job: from[1]: the run has no job "onyl", did you mean "only"?',
      mistakes: [{ path: 'from[1]', message: 'the run has no job "onyl", did you mean "only"?' }],
    });
    expect(await rerun(making, unknown, 'all')).to.eql(noSuchRun);
  });

  it('retry a failed job, and no other', async () => {
    const uid = await create(sourceOf({ a: { ...job }, b: { ...job } }));
    expect(await retry(making, uid, 'a')).to.eql({
      kind: 'not-failed',
      message: 'The job "a" is PENDING; only a FAILED job can be retried.',
    });
    await endRun(open.store, uid, { fails: true });
    expect(await retry(making, uid, 'a')).to.eql({ kind: 'retried', jobIndex: 0, attempt: 2 });
  });

  it('retry no job of a run that has ended, and no unknown one', async () => {
    const uid = await create();
    await endRun(open.store, uid, { fails: true });
    expect(await retry(making, uid, 'only')).to.eql({
      kind: 'ended',
      message: 'The run has ended and cannot change any more: rerun the run from "only" instead.',
    });
    expect(await retry(making, uid, 'none')).to.eql({ kind: 'no-job', message: 'The run has no job "none".' });
    expect(await retry(making, unknown, 'only')).to.eql(noSuchRun);
  });
});

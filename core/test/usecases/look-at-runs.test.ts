import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { endRun } from '@chainr/testkit/end-run';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { explain } from '../../src/usecases/explain.js';
import { list } from '../../src/usecases/list.js';
import { preparePipeline, type PipelineReading } from '../../src/usecases/prepare-pipeline.js';
import { submit } from '../../src/usecases/submit.js';

const unknown = '00000000-0000-7000-8000-000000000000';
const pipelines: PipelineReading = { read: (sent) => Promise.resolve(preparePipeline(sent)) };
const job = { image: 'busybox', run: 'exit 0' };

describe('the use cases that look at runs', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const explaining = (countAhead: () => Promise<number | undefined>) => ({
    store: open.store,
    queue: { countAhead },
  });
  const nothingAhead = () => Promise.resolve(0);

  async function create(): Promise<string> {
    const jobs = { first: job, second: { ...job, dependsOn: [{ job: 'first' }] } };
    const source = { contentType: 'application/json', text: JSON.stringify({ kind: 'Pipeline', jobs }) };
    const made = await submit({ store: open.store, pipelines, defaultPool: 'fake' }, source);
    if (!('uid' in made)) throw new Error(made.message);
    return made.uid;
  }

  it('explain what a job waits for, with its status', async () => {
    const uid = await create();
    const explained = await explain(explaining(nothingAhead), uid, 'second');
    expect(explained).to.include({
      kind: 'explained',
      sentence: 'It waits for one job to end: first (Queued).',
    });
    expect(explained).to.have.nested.property('job.reason', 'WaitingForDependencies');
    expect(explained).to.have.nested.property('facts[0].kind', 'dependency');
  });

  it('explain a queued job, even if the queue does not answer', async () => {
    const uid = await create();
    const away = () => Promise.reject(new Error('Redis does not answer'));
    const explained = await explain(explaining(away), uid, 'first');
    expect(explained.kind).to.equal('explained');
    expect(explained)
      .to.have.property('sentence')
      .that.matches(/its pool fake has no worker \(no pool has one\)\.$/);
  });

  it('explain where the last attempt ran, and what went wrong there', async () => {
    const uid = await create();
    const event = { time: 0, reason: 'Scheduled', message: 'fine' };
    await open.store.transitions.finish(await claimJob(open.store, uid, 0), {
      reason: 'ImagePullFailed',
      runtime: {
        pod: 'builds/first-1',
        node: 'node1',
        containers: [{ name: 'main', image: 'x', state: 'not started', restarts: 1 }],
        events: [{ ...event, type: 'Normal' }, { ...event, type: 'Warning', message: 'no such image', count: 3 }],
        eventsMissing: 'The rest is gone.',
      },
    }, {}); // prettier-ignore
    const explained = await explain(explaining(nothingAhead), uid, 'first');
    const facts = explained.kind === 'explained' ? explained.facts.filter(({ kind }) => kind === 'runtime') : [];
    expect(facts.map(({ text }) => text)).to.deep.equal([
      'Attempt 1 ran as the pod builds/first-1 on node1.',
      'The container main was started again once.',
      '1970-01-01T00:00:00.000Z Scheduled (3 times): no such image',
      'The events of the pod are missing: The rest is gone.',
    ]);
  });

  it('explain nothing that does not exist', async () => {
    const uid = await create();
    expect(await explain(explaining(nothingAhead), unknown, 'first')).to.eql({
      kind: 'no-run',
      message: `There is no run "${unknown}".`,
    });
    expect(await explain(explaining(nothingAhead), uid, 'third')).to.eql({
      kind: 'no-job',
      message: 'The run has no job "third".',
    });
  });

  it('list a page of runs, newest first, each with its first jobs', async () => {
    const uids = [await create(), await create(), await open.create(pipelineOf({ only: [] }))];
    await endRun(open.store, uids[2] ?? '');
    const first = await list(open.store, { limit: 2 }, 1);
    expect(first.runs.map(({ run, jobs }) => [run.uid, jobs.map(({ name }) => name)])).to.eql([
      [uids[2], ['only']],
      [uids[1], ['first']],
    ]);
    expect(first.counts).to.include({ PENDING: 2, SUCCESSFUL: 1 });
    const second = await list(open.store, { limit: 2, before: first.next ?? 0 }, 5);
    expect(second.runs.map(({ run, jobs }) => [run.uid, jobs.length])).to.eql([[uids[0], 2]]);
    expect(second.next).to.equal(undefined);
  });

  it('list only what the filter matches', async () => {
    await create();
    const ended = await open.create(pipelineOf({ only: [] }));
    await endRun(open.store, ended);
    const { runs, total } = await list(open.store, { filter: { statuses: ['SUCCESSFUL'] }, limit: 10 }, 0);
    expect(runs.map(({ run, jobs }) => [run.uid, jobs])).to.eql([[ended, []]]);
    expect(total).to.equal(1);
  });
});

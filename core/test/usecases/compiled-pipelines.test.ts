import { expect } from 'chai';
import fc from 'fast-check';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { statusesOfJobs } from '@chainr/testkit/statuses';
import type { Pipeline } from '../../src/pipeline/pipeline.js';
import { keys, planField } from '../../src/store/redis/keys.js';
import { dependenciesIn, packPipeline } from '../../src/store/runs/pack-pipeline.js';
import { packSource } from '../../src/store/runs/source.js';
import { specificationOf } from '../../src/store/script/layout.js';
import { explain } from '../../src/usecases/explain.js';
import { preparePipeline } from '../../src/usecases/prepare-pipeline.js';
import { rerun } from '../../src/usecases/rerun.js';
import { retry } from '../../src/usecases/retry.js';
import { submit } from '../../src/usecases/submit.js';
import { pipelineOfCase, randomCase } from '../store/histories/random-case.js';

const json = 'application/json';
const job = { image: 'busybox', run: 'exit 0' };
/** What can be written about a pipeline, and what its jobs inherit from it. */
const written = {
  kind: 'Pipeline',
  title: 'Nightly',
  metadata: { name: 'nightly', labels: { team: 'core' } },
  env: { ALL: '1', TOKEN: { secret: 'token' } },
  shell: ['/bin/bash', '-c'],
  pull: 'always',
  priority: 7,
  maxParallel: 3,
  timeout: '1h',
  jobs: {
    // The dependents stand before what they wait for.
    last: { ...job, dependsOn: ['middle', { job: 'other', conditions: { failure: true } }] },
    middle: { ...job, dependsOn: ['first'], env: { FROM: '${{ jobs.first.outputs.key or "none" }}' }, priority: -5 },
    first: { ...job, title: 'The first', retries: { limit: 2, backoff: { initial: '5s' } }, timeout: '5m' },
    other: { ...job, allowFailure: true, rerun: 'always' },
  },
};
const indexOf = { last: 0, middle: 1, first: 2, other: 3 };

/** Sources that this version reads as something else than what was compiled, or not at all. */
const otherSources = {
  'is refused': JSON.stringify({ kind: 'Pipeline', jobs: { 'No Name': { needs: 'nothing' } } }),
  'is no document': '{ "kind": ',
  'has other jobs': JSON.stringify({ kind: 'Pipeline', jobs: { some: job, where: job, else: job } }),
  'has other dependencies': JSON.stringify({
    ...written,
    jobs: {
      ...written.jobs,
      first: { ...job, dependsOn: ['last'] },
      last: job,
      other: { ...job, dependsOn: ['last'] },
    },
  }),
  'has another order and other scripts': JSON.stringify({
    ...written,
    env: { ALL: '2' },
    shell: ['/bin/sh', '-c'],
    jobs: Object.fromEntries(
      Object.entries(written.jobs)
        .reverse()
        .map(([name, each]): [string, object] => [name, { ...each, run: 'date' }]),
    ),
  }),
};

describe('a run whose source this version would compile to something else', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const countAhead = () => Promise.resolve(0);
  const finish = async (uid: string, index: number, exitCode: number, attempt = 1) => {
    const lease = await claimJob(open.store, uid, index, { attempt });
    const outcome = { reason: exitCode === 0 ? ('Completed' as const) : ('ExitCode' as const), exitCode };
    await open.store.transitions.finish(lease, outcome, {}, { closeGraceMs: 1_000 });
  };
  const stand = (uid: string) => statusesOfJobs(open.store, uid);
  /** The parts that never change: what workers run, and what decides its order. */
  const compiledOf = async (uid: string) => {
    const fields = ['shared', ...[0, 1, 2, 3].map(planField)];
    const stored = await open.client.hmgetBuffer(keys.run(uid), ...fields);
    const { name, title, labels, priority, maxParallel, timeoutMs } = (await open.store.runs.getRun(uid))!;
    return { stored, name, title, labels, priority, maxParallel, timeoutMs };
  };

  async function create(text: string): Promise<string> {
    const pipelines = { read: (sent: Parameters<typeof preparePipeline>[0]) => Promise.resolve(preparePipeline(sent)) };
    const source = { contentType: json, text: JSON.stringify(written) };
    const made = await submit({ store: open.store, pipelines, defaultPool: 'fake' }, source);
    if (!('uid' in made)) throw new Error(made.message);
    await open.client.set(keys.source(made.uid), await packSource({ contentType: json, text }));
    return made.uid;
  }

  for (const [what, text] of Object.entries(otherSources)) {
    describe(`since it ${what}`, () => {
      it('is rerun as it was compiled, and so is its rerun', async () => {
        const uid = await create(text);
        await finish(uid, indexOf.other, 0);
        await finish(uid, indexOf.first, 0);
        await finish(uid, indexOf.middle, 1);
        const of: string[] = [uid];
        for (const [expected, from] of [
          [{ first: 'SUCCESSFUL Reused', middle: 'PENDING Queued', other: 'PENDING Queued', last: 'PENDING WaitingForDependencies' }, ['middle']], // prettier-ignore
          [{ first: 'PENDING Queued', middle: 'PENDING WaitingForDependencies', other: 'PENDING Queued', last: 'PENDING WaitingForDependencies' }, 'all'], // prettier-ignore
        ] as const) {
          const made = await rerun({ store: open.store, defaultPool: 'fake' }, of[0]!, from);
          if (!('uid' in made)) return expect.fail(made.message);
          expect(await stand(made.uid)).to.eql(expected);
          expect(await compiledOf(made.uid)).to.eql(await compiledOf(uid));
          expect(await open.store.runs.getSource(made.uid), 'for people').to.eql({ contentType: json, text });
          await finish(made.uid, indexOf.other, 0);
          await finish(made.uid, from === 'all' ? indexOf.first : indexOf.middle, 1);
          of.unshift(made.uid);
        }
        return undefined;
      });

      it('is retried as it was compiled', async () => {
        const uid = await create(text);
        for (const attempt of [1, 2, 3]) {
          await finish(uid, indexOf.first, 1, attempt);
          expect(await stand(uid)).to.include({ middle: 'SKIPPED ConditionNotMet', last: 'SKIPPED DependencySkipped' });
          expect(await retry(open, uid, 'first')).to.eql({ kind: 'retried', jobIndex: indexOf.first, attempt: attempt + 1 }); // prettier-ignore
          expect(await stand(uid)).to.include({
            first: 'PENDING Queued',
            middle: 'PENDING WaitingForDependencies',
            last: 'PENDING WaitingForDependencies',
          });
        }
        await finish(uid, indexOf.first, 0, 4);
        await finish(uid, indexOf.other, 1);
        await claimJob(open.store, uid, indexOf.middle);
      });

      it('is explained as it was compiled', async () => {
        const uid = await create(text);
        const why = async (name: string) => {
          const explained = await explain({ store: open.store, queue: { countAhead } }, uid, name);
          if (explained.kind !== 'explained') throw new Error(explained.message);
          return [explained.sentence, ...explained.facts.filter(({ kind }) => kind === 'dependency').map(({ text }) => text)]; // prettier-ignore
        };
        const [waits, ...facts] = await why('last');
        expect(waits).to.equal('It waits for 2 jobs to end: middle (WaitingForDependencies), other (Queued).');
        expect(facts.map((fact) => fact.slice(0, fact.indexOf(':')))).to.eql([
          'middle must still end (success)',
          'other must still end (failure)',
        ]);
        await finish(uid, indexOf.first, 1);
        expect((await why('last'))[0]).to.equal(
          'It was skipped because first is FAILED and middle, which it depends on, runs only on success.',
        );
        expect((await why('middle'))[0]).to.equal(
          'It was skipped because first is FAILED and it runs only on success.',
        );
      });
    });
  }
});

describe('the compiled pipeline of a run', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  it('is read as it was stored, whatever the pipeline', async () => {
    await fc.assert(
      fc.asyncProperty(randomCase, async (each) => {
        const packed = packPipeline(pipelineOfCase(each));
        const compiled = await open.store.runs.getCompiled(await open.create(pipelineOfCase(each)));
        expect(compiled?.pipeline).to.deep.equal(packed);
      }),
      { numRuns: 50 },
    );
  });

  const described: Pipeline = {
    ...pipelineOf({ a: { title: 'ä', env: { A: { secret: 's' } } }, b: { dependsOn: ['a'], allowFailure: true } }),
    title: 'Of two',
    metadata: { name: 'two', labels: { 'a/b': 'c' } },
    env: { ALL: 'ü' },
    kubernetes: { namespace: 'builds', podPatch: { spec: { hostname: null } } },
  };
  for (const { name, pipeline } of [
    { name: 'with all that it can have', pipeline: described },
    { name: 'whose rows were stored before, in chunks', pipeline: { ...fanOfJobs(1_200), env: { ALL: '1' } } },
    { name: 'with slots and a backlog', pipeline: { ...fanOfJobs(600), maxParallel: 2 } },
  ]) {
    it(`is read as it was stored: ${name}`, async () => {
      const uid = await open.create(pipeline);
      const compiled = await open.store.runs.getCompiled(uid);
      expect(compiled?.pipeline).to.deep.equal(packPipeline(pipeline));
      expect(await open.store.runs.getDependencies(uid)).to.deep.equal(dependenciesIn(packPipeline(pipeline)));
      expect(compiled?.source).to.deep.equal(await open.client.getBuffer(keys.source(uid)));
    });
  }

  it('is not there before the run is visible, and not after it is deleted', async () => {
    const hidden = '01990000-0000-7000-8000-000000000000';
    await open.client.hset(keys.run(hidden), planField(0), 'stored before');
    const deleted = await open.create(pipelineOf({ only: [] }));
    await open.store.transitions.finish(await claimJob(open.store, deleted, 0), { reason: 'Completed', exitCode: 0 }, {}, { closeGraceMs: 1 }); // prettier-ignore
    expect(await open.store.runs.deleteRun(deleted)).to.eql({ kind: 'deleted' });
    for (const uid of [hidden, deleted, '01990000-0000-7000-8000-000000000001']) {
      expect(await open.store.runs.getCompiled(uid)).to.equal(undefined);
      expect(await open.store.runs.getDependencies(uid)).to.equal(undefined);
    }
  });

  it('stands in the plans that workers run, and nowhere a second time', async () => {
    const uid = await open.create(described);
    const stored = await open.client.hgetallBuffer(keys.run(uid));
    expect(Object.keys(stored)).to.have.members(['state', 'info', 'shared', '0', 'p0', '1', 'p1']);
    expect(JSON.parse(specificationOf(stored['p1']!))).to.deep.include({ name: 'b', allowFailure: true });
  });
});

import { expect } from 'chai';
import { compileDag } from '../../src/engine/dag.js';
import { maskOf } from '../../src/pipeline/conditions.js';
import { jobPlan, type Job } from '../../src/pipeline/pipeline.js';
import { resolveSteps } from '../../src/pipeline/steps.js';
import { accepted, written } from './build-pipeline.js';

function onlyJob(value: unknown): Job {
  const [job] = accepted(value).jobs;
  return job ?? expect.fail('there is no job');
}

describe('resolving the steps of a job', () => {
  it('makes one step named main of a job without steps', () => {
    const job = onlyJob(written({ a: { workdir: '/src', env: { A: '1' }, resources: { limits: { cpu: 2 } } } }));
    expect(resolveSteps(job, { A: '0', B: '0' })).to.deep.equal([
      {
        name: 'main',
        image: 'busybox',
        run: 'exit 0',
        env: { A: '1', B: '0' },
        workdir: '/src',
        resources: { limits: { cpu: '2' } },
        continueOnError: false,
      },
    ]);
  });

  it('gives steps the fields of the job, unless they set them', () => {
    const steps = [
      { name: 'one', run: 'x', continueOnError: true },
      { name: 'two', image: 'alpine', command: ['x'], args: ['y'], env: { A: 'step' }, workdir: '/own', resources: {} },
    ];
    const job = onlyJob({
      kind: 'Pipeline',
      jobs: {
        a: {
          image: 'busybox',
          env: { A: 'job', B: 'job' },
          workdir: '/job',
          resources: { limits: { cpu: '1' } },
          steps,
        },
      },
    });
    expect(resolveSteps(job, { B: 'pipeline', C: 'pipeline' })).to.deep.equal([
      {
        name: 'one',
        image: 'busybox',
        run: 'x',
        env: { A: 'job', B: 'job', C: 'pipeline' },
        workdir: '/job',
        resources: { limits: { cpu: '1' } },
        continueOnError: true,
      },
      {
        name: 'two',
        image: 'alpine',
        command: ['x'],
        args: ['y'],
        env: { A: 'step', B: 'job', C: 'pipeline' },
        workdir: '/own',
        resources: {},
        continueOnError: false,
      },
    ]);
  });

  it('works from the stored plan as well', () => {
    const job = onlyJob(written({ a: { env: { A: '1' }, allowFailure: true }, b: { dependsOn: ['a'] } }));
    const stored = JSON.parse(JSON.stringify(jobPlan(job))) as typeof job;
    expect(stored).to.deep.equal(jobPlan(job)).and.to.not.have.property('dependsOn');
    expect(resolveSteps(stored)).to.deep.equal(resolveSteps(job));
  });
});

describe('compiling the graph of a pipeline', () => {
  it('turns the edges round, by the order of the document', () => {
    const pipeline = accepted(
      written({
        c: { dependsOn: ['a', { job: 'b', conditions: { failure: true, skipped: true } }] },
        a: { allowFailure: true },
        b: { dependsOn: ['a'] },
      }),
    );
    expect(compileDag(pipeline)).to.deep.equal([
      { name: 'c', allowFailure: false, dependencyCount: 2, dependents: [] },
      {
        name: 'a',
        allowFailure: true,
        dependencyCount: 0,
        dependents: [
          { index: 0, mask: 1 },
          { index: 2, mask: 1 },
        ],
      },
      {
        name: 'b',
        allowFailure: false,
        dependencyCount: 1,
        dependents: [{ index: 0, mask: maskOf({ failure: true, skipped: true }) }],
      },
    ]);
  });
});

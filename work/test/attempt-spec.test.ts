import { expect } from 'chai';
import { jobPlan } from '@chainr/core/pipeline/pipeline';
import { pipelineOf } from '@chainr/testkit/builders';
import { AttemptSpecs } from '../src/attempt/attempt-spec.js';

const { jobs } = pipelineOf({ build: { run: 'make', env: { OWN: 'job', BOTH: 'job' } } });
const plan = JSON.stringify(jobPlan(jobs[0]!));
const info = JSON.stringify({ name: 'nightly', env: { ALL: 'pipeline', BOTH: 'pipeline' } });

function claimed(attempt: number) {
  return { lease: { run: 'run-1', index: 0, attempt, epoch: 1, owner: 'me' }, job: 'build', plan, dependents: 0, info };
}

describe('the specification of an attempt', () => {
  it('has the name of its pipeline, and the variables of the pipeline under those of the job', () => {
    const { spec, deadlines } = new AttemptSpecs().resolve(claimed(3));
    expect(spec).to.deep.include({ run: 'run-1', job: 'build', attempt: 3, pipeline: 'nightly' });
    expect(deadlines).to.deep.equal({ pendingTimeoutMs: 600_000 });
    expect(spec.steps).to.have.length(1);
    expect(spec.steps[0]).to.deep.include({
      name: 'main',
      run: 'make',
      env: { ALL: 'pipeline', OWN: 'job', BOTH: 'job' },
    });
  });

  it('is complete whether or not other attempts of the run were here before', () => {
    const specs = new AttemptSpecs();
    const first = specs.resolve(claimed(1));
    specs.resolve(claimed(1));
    specs.release('run-1');
    specs.release('run-1');
    specs.release('run-1');
    expect(specs.resolve(claimed(1))).to.deep.equal(first);
  });
});

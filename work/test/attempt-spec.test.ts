import { expect } from 'chai';
import { jobPlan } from '@chainr/core/pipeline/pipeline';
import { pipelineOf } from '@chainr/testkit/builders';
import { AttemptSpecs } from '../src/attempt/attempt-spec.js';

const { jobs } = pipelineOf({ build: { run: 'make', env: { OWN: 'job', BOTH: 'job' } } });
const plan = JSON.stringify(jobPlan(jobs[0]!));
const info = JSON.stringify({ name: 'nightly', env: { ALL: 'pipeline', BOTH: 'pipeline' } });

function claimed(attempt: number) {
  const lease = { run: 'run-1', index: 0, attempt, epoch: 1, owner: 'me' };
  return { lease, job: 'build', plan, dependents: 0, info, waitedMs: 0, claimedMs: 0 };
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

  it('has the services of its job, and the settings of its pod over those of the pipeline', () => {
    const services = [{ name: 'db', image: 'postgres', env: { MODE: 'test' } }];
    const kubernetes = { labels: { own: '1' }, volumes: [] };
    const [job] = pipelineOf({ build: { services, kubernetes, pull: 'never' } }).jobs;
    const shared = { kubernetes: { namespace: 'builds', labels: { all: '1' }, volumes: [{ name: 'a' }] } };
    const claim = { ...claimed(1), plan: JSON.stringify(jobPlan(job!)), info: JSON.stringify(shared) };
    const { spec } = new AttemptSpecs().resolve(claim);
    expect(spec.services).to.deep.equal([{ ...services[0], pull: 'never' }]);
    expect(spec.kubernetes).to.deep.equal({ namespace: 'builds', labels: { all: '1', own: '1' }, volumes: [] });
    const plain = new AttemptSpecs().resolve({ ...claim, plan }).spec;
    expect(plain).not.to.have.property('services');
    expect(plain.kubernetes).to.deep.equal(shared.kubernetes);
    expect(new AttemptSpecs().resolve(claimed(1)).spec).not.to.have.property('kubernetes');
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

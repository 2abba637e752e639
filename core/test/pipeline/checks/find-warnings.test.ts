import { expect } from 'chai';
import { findWarnings } from '../../../src/pipeline/checks/find-warnings.js';
import { accepted, written } from '../build-pipeline.js';

const warningsOf = (jobs: Record<string, object>): string[] =>
  findWarnings(accepted(written(jobs))).map(({ path, message }) => `${path}: ${message}`);

describe('warnings about a valid pipeline', () => {
  const flaky = { allowFailure: true };

  it('are absent if nothing is doubtful', () => {
    expect(warningsOf({ a: {}, b: { dependsOn: ['a'] }, c: { allowFailure: true, dependsOn: ['b'] } })).to.deep.equal(
      [],
    );
  });

  it('name a job that waits for the success of one with allowFailure, and what to write instead', () => {
    const [warning, ...more] = warningsOf({ flaky, next: { dependsOn: ['flaky'] } });
    expect(more).to.deep.equal([]);
    expect(warning).to.match(/^jobs\.next\.dependsOn\[0\]: "flaky" has allowFailure/);
    const mend = { job: 'flaky', conditions: { success: true, failure: true } };
    expect(warning).to.contain('{ job: flaky, conditions: { success: true, failure: true } }');
    expect(warningsOf({ flaky, next: { dependsOn: [mend] } })).to.deep.equal([]);
  });

  it('name every such place, in each form of a dependency', () => {
    const dependsOn = [
      'steady',
      'flaky',
      { job: 'other', conditions: { success: true } },
      { job: 'third', conditions: { success: true, skipped: true } },
    ];
    const found = warningsOf({ steady: {}, flaky, other: flaky, third: flaky, next: { dependsOn } });
    expect(found.map((line) => line.split(':')[0])).to.deep.equal([
      'jobs.next.dependsOn[1]',
      'jobs.next.dependsOn[2]',
      'jobs.next.dependsOn[3]',
    ]);
  });

  it('are absent for jobs that wait only for the failure or the skip', () => {
    for (const conditions of [{ failure: true }, { skipped: true }, { failure: true, skipped: true }]) {
      expect(warningsOf({ flaky, next: { dependsOn: [{ job: 'flaky', conditions }] } })).to.deep.equal([]);
    }
  });

  it('are counted beyond 100', () => {
    const jobs = Object.fromEntries(
      Array.from({ length: 150 }, (_, index) => [`j${String(index)}`, { dependsOn: ['flaky'] }]),
    );
    const found = warningsOf({ flaky, ...jobs });
    expect(found).to.have.length(101);
    expect(found.at(-1)).to.equal(': and 50 more');
  });
});

describe('warnings about references to outputs', () => {
  const tag = '${{ jobs.build.outputs.tag }}';
  const env = { TAG: tag };
  const whatever = { success: true, failure: true, skipped: true };
  const after = (...names: string[]) => ({ dependsOn: names.map((job) => ({ job, conditions: whatever })) });
  const first = { first: {}, build: { dependsOn: ['first'] } };

  it('name a job that may be skipped while the one with the reference runs, and what to write instead', () => {
    const found = warningsOf({ ...first, tell: { ...after('build'), env } });
    expect(found).to.deep.equal([
      'jobs.tell.env.TAG: "build" may be skipped and then has no outputs: this job would fail. Write ${{ jobs.build.outputs.tag or "text" }} to give a default',
    ]);
    expect(
      warningsOf({ ...first, tell: { ...after('build'), env: { TAG: '${{ jobs.build.outputs.tag or "none" }}' } } }),
    ).to.deep.equal([]);
  });

  it('name every place, in images and steps too', () => {
    const steps = [
      { name: 'one', run: ':', env },
      { name: 'two', image: `app:${tag}`, run: ':' },
    ];
    const found = warningsOf({
      ...first,
      image: { ...after('build'), image: `app:${tag}` },
      steps: { ...after('build'), run: undefined, steps, env },
      services: { ...after('build'), services: [{ name: 'db', image: `db:${tag}`, env }] },
    });
    expect(found.map((line) => line.split(': ')[0])).to.deep.equal([
      'jobs.image.image',
      'jobs.steps.env.TAG',
      'jobs.steps.steps[0].env.TAG',
      'jobs.steps.steps[1].image',
      'jobs.services.services[0].image',
      'jobs.services.services[0].env.TAG',
    ]);
  });

  it('name the step of a job with steps, also of the only one that is called main', () => {
    const steps = [{ name: 'main', run: ':', env }];
    const found = warningsOf({ ...first, tell: { ...after('build'), run: undefined, steps } });
    expect(found.map((line) => line.split(': ')[0])).to.deep.equal(['jobs.tell.steps[0].env.TAG']);
  });

  it('name jobs further up that an intermediate skip lets out', () => {
    const middle = { middle: { dependsOn: ['build'] } };
    expect(warningsOf({ ...first, ...middle, tell: { ...after('middle'), env } })).to.have.length(1);
    expect(warningsOf({ ...first, ...middle, tell: { dependsOn: ['middle'], env } })).to.deep.equal([]);
    // `tell` also depends on `build` directly, so `build` must have run.
    const both = { dependsOn: [...after('middle').dependsOn, 'build'] };
    expect(warningsOf({ ...first, ...middle, tell: { ...both, env } })).to.deep.equal([]);
  });

  it('are absent if the job has run in any case', () => {
    const reached = { success: true, failure: true };
    for (const jobs of [
      { build: {}, tell: { ...after('build'), env } },
      { ...first, tell: { dependsOn: ['build'], env } },
      { ...first, tell: { dependsOn: [{ job: 'build', conditions: { failure: true } }], env } },
      { first: {}, build: { dependsOn: [{ job: 'first', conditions: reached }] }, tell: { ...after('build'), env } },
      { first: {}, second: { dependsOn: ['first'] }, build: after('second'), tell: { ...after('build'), env } },
    ]) {
      expect(warningsOf(jobs)).to.deep.equal([]);
    }
  });

  it('cost in proportion to the size of the pipeline', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, at) => [
        `j${String(at)}`,
        { ...(at > 0 && { ...after(`j${String(at - 1)}`), env: { FIRST: '${{ jobs.j0.outputs.x }}' } }) },
      ]),
    );
    expect(warningsOf(chain)).to.deep.equal([]);
  });
});

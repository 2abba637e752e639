import { expect } from 'chai';
import { accepted, refusedWith, written } from './build-pipeline.js';

describe('the pool of a job', () => {
  it('is its own, else that of the pipeline, else the default one', () => {
    const jobs = { plain: {}, own: { pool: 'gpu' }, same: { pool: 'build' } };
    const named = accepted(written(jobs, { pool: 'build' }));
    expect([named.pool, ...named.jobs.map(({ pool }) => pool)]).to.deep.equal(['build', 'build', 'gpu', 'build']);
    const open = accepted(written(jobs));
    expect(open.jobs.map(({ pool }) => pool)).to.deep.equal([undefined, 'gpu', 'build']);
    expect(open).not.to.have.property('pool');
    expect(open.jobs[0]).not.to.have.property('pool');
  });

  it('has a name like that of a job', () => {
    accepted(written({ longest: { pool: 'x'.repeat(63) }, digits: { pool: '0' } }));
    const name =
      'a name has 1 to 63 lower-case letters, digits and hyphens, and begins and ends with a letter or digit';
    const jobs = { long: 'x'.repeat(64), upper: 'GPU', colon: 'a:b', empty: '', hyphen: 'gpu-', reserved: 'constructor', number: 7 }; // prettier-ignore
    const found = refusedWith(
      written(Object.fromEntries(Object.entries(jobs).map(([job, pool]) => [job, { pool }])), { pool: 'big pool' }),
    );
    expect(found).to.have.members([
      `pool: ${name}`,
      ...['long', 'upper', 'colon', 'empty', 'hyphen'].map((job) => `jobs.${job}.pool: ${name}`),
      'jobs.reserved.pool: the name "constructor" is reserved, choose another',
      'jobs.number.pool: must be text, but is the number 7; write it in quotes',
    ]);
  });

  it('is one of at most 32 that the jobs of a pipeline name', () => {
    const jobs = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`j${String(at)}`, { pool: `p${String(at)}` }]));
    accepted(written({ ...jobs(32), again: { pool: 'p0' }, none: {} }));
    expect(refusedWith(written(jobs(33)))).to.deep.equal(['jobs: name 33 pools, but at most 32 are allowed']);
  });

  it('is what runs-on and tags of other systems ask for', () => {
    const mend = 'choose the workers that run the job with pool: NAME';
    expect(refusedWith(written({ github: { 'runs-on': 'ubuntu-latest' }, gitlab: { tags: ['gpu'] } }))).to.deep.equal([
      `jobs.github.runs-on: unknown field "runs-on"; ${mend}`,
      `jobs.gitlab.tags: unknown field "tags"; ${mend}`,
    ]);
  });
});

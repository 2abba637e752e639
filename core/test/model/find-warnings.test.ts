import { expect } from 'chai';
import { findWarnings } from '../../src/model/find-warnings.js';
import { accepted, written } from './build-pipeline.js';

const warningsOf = (jobs: Record<string, object>): string[] =>
  findWarnings(accepted(written(jobs))).map(({ path, message }) => `${path}: ${message}`);

describe('warnings about a valid pipeline', () => {
  const flaky = { allowFailure: true };

  it('are none where nothing is doubtful', () => {
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

  it('are none for jobs that wait for the failure or the skip alone', () => {
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

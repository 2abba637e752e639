import { expect } from 'chai';
import { maskOf } from '../../../src/pipeline/conditions.js';
import { accepted, refusedWith, written } from '../build-pipeline.js';

describe('the dependencies of a pipeline', () => {
  it('require success by default', () => {
    const dependencies = (conditions: object | undefined): unknown =>
      accepted(written({ a: {}, b: { dependsOn: [{ job: 'a', ...(conditions && { conditions }) }] } })).jobs[1]
        ?.dependsOn;
    const onSuccess = [{ job: 'a', mask: maskOf({ success: true }) }];
    expect(accepted(written({ a: {}, b: { dependsOn: ['a'] } })).jobs[1]?.dependsOn).to.deep.equal(onSuccess);
    for (const conditions of [undefined, {}, { failure: false }, { success: true }])
      expect(dependencies(conditions)).to.deep.equal(onSuccess);
    expect(dependencies({ failure: true })).to.deep.equal([{ job: 'a', mask: maskOf({ failure: true }) }]);
    expect(dependencies({ success: true, skipped: true })).to.deep.equal([
      { job: 'a', mask: maskOf({ success: true, skipped: true }) },
    ]);
  });

  it('are refused if no ending satisfies them', () => {
    for (const conditions of [{ success: false }, { success: false, failure: false, skipped: false }]) {
      expect(refusedWith(written({ a: {}, b: { dependsOn: [{ job: 'a', conditions }] } }))).to.deep.equal([
        'jobs.b.dependsOn[0].conditions: no condition is true, so the job could never start',
      ]);
    }
  });

  it('are refused if they name an unknown job, with a suggestion', () => {
    expect(refusedWith(written({ build: {}, test: { dependsOn: [{ job: 'biuld' }, 'xyz'] } }))).to.deep.equal([
      'jobs.test.dependsOn[0].job: there is no job "biuld", did you mean "build"?',
      'jobs.test.dependsOn[1]: there is no job "xyz"',
    ]);
  });

  it('are refused if their form is wrong', () => {
    expect(refusedWith(written({ a: {}, b: { dependsOn: 'a' } }))).to.deep.equal([
      'jobs.b.dependsOn: must be a list of jobs, but is the text "a"; write dependsOn: [a]',
    ]);
    expect(refusedWith(written({ a: {}, b: { dependsOn: [1, { conditions: { failure: 'yes' } }] } }))).to.have.members([
      'jobs.b.dependsOn[0]: must be the name of a job, or a map with "job" and "conditions", but is the number 1; write it in quotes',
      'jobs.b.dependsOn[1].job: is missing, it must be text',
      'jobs.b.dependsOn[1].conditions.failure: must be true or false, but is the text "yes"',
    ]);
  });

  it('say how to quote text that YAML reads as something else', () => {
    const sentence = 'must be the name of a job, or a map with "job" and "conditions", but is';
    const dependsOn = [true, 1, null, ['a'], { job: true }, { job: 2 }];
    expect(refusedWith(written({ a: { dependsOn } }))).to.deep.equal([
      `jobs.a.dependsOn[0]: ${sentence} true; write it in quotes`,
      `jobs.a.dependsOn[1]: ${sentence} the number 1; write it in quotes`,
      `jobs.a.dependsOn[2]: ${sentence} empty`,
      `jobs.a.dependsOn[3]: ${sentence} a list`,
      'jobs.a.dependsOn[4].job: must be text, but is true; write it in quotes',
      'jobs.a.dependsOn[5].job: must be text, but is the number 2; write it in quotes',
    ]);
  });

  it('are refused if they form cycles, each of which is named once', () => {
    const jobs = {
      a: { dependsOn: ['b'] },
      b: { dependsOn: ['c', 'd'] },
      c: { dependsOn: ['a'] },
      d: {},
      x: { dependsOn: ['d', 'y'] },
      y: { dependsOn: ['x'] },
    };
    expect(refusedWith(written(jobs))).to.deep.equal([
      'jobs.a.dependsOn[0]: these jobs wait for each other: a → b → c → a',
      'jobs.x.dependsOn[1]: these jobs wait for each other: x → y → x',
    ]);
  });

  it('are refused if 10,000 of them form one cycle, without naming all', () => {
    const jobs = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [
        `j${String(index)}`,
        { dependsOn: [`j${String((index + 1) % 10_000)}`] },
      ]),
    );
    expect(refusedWith(written(jobs))).to.deep.equal([
      'jobs.j0.dependsOn[0]: these jobs wait for each other: j0 → j1 → j2 → j3 → j4 → j5 → j6 → j7 → j8 → (9990 more) → j9999 → j0',
    ]);
  });
});

import { expect } from 'chai';
import { checkPipeline } from '../../src/pipeline/checks/check-pipeline.js';
import { suggestion, Suggestions } from '../../src/pipeline/did-you-mean.js';

describe('a suggestion', () => {
  const names = ['A', 'build', 'unit-tests'];

  it('is the nearest known word, whatever its case', () => {
    expect(suggestion('biuld', names)).to.equal(', did you mean "build"?');
    expect(suggestion('unit-test', names)).to.equal(', did you mean "unit-tests"?');
    expect(suggestion('a', names)).to.equal(', did you mean "A"?');
  });

  it('is not made if nothing is near, or for one or two letters', () => {
    expect(suggestion('deploy', names)).to.equal('');
    expect(suggestion('d', names)).to.equal('');
    expect(suggestion('x'.repeat(10_000), names)).to.equal('');
  });

  /** How many of the mistakes suggest a name. */
  const suggested = (jobs: object): number => {
    const checked = checkPipeline({ kind: 'Pipeline', jobs });
    if (!('mistakes' in checked)) throw new Error('the pipeline was accepted');
    return checked.mistakes.filter(({ message }) => message.includes('did you mean')).length;
  };
  const job = { image: 'b', run: 'x' };
  const jobs = (count: number, of: (at: number) => object = () => job): object =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`job-number-${at}`, of(at)]));

  it('is made for all mistakes of a document if there are few names to compare', () => {
    const suggestions = new Suggestions(names);
    for (let at = 0; at < 100; at += 1) expect(suggestions.of('biuld')).to.include('"build"');
    expect(suggested(jobs(100, (at) => ({ ...job, dependsOn: [`jobnumber-${at}`] })))).to.equal(100);
  });

  for (const { count, most } of [
    { count: 3_000, most: 10 },
    { count: 10_000, most: 3 },
  ]) {
    it(`is made for the first ${most} mistakes if there are ${count} names to compare`, () => {
      const suggestions = new Suggestions(Object.keys(jobs(count)));
      const told = Array.from({ length: 100 }, (_, at) => suggestions.of(`jobnumber-${at}`));
      expect(told.filter((text) => text !== '')).to.have.length(most);
      expect(suggested(jobs(count, (at) => ({ ...job, dependsOn: [`jobnumber-${at}`] }))), 'dependencies').to.equal(
        most,
      );
      const env = (at: number) => ({ A: `\${{ jobs.jobnumber-${at}.outputs.x }}` });
      expect(suggested(jobs(count, (at) => ({ ...job, env: env(at) }))), 'references').to.equal(most);
    });
  }
});

import { expect } from 'chai';
import { suggestion } from '../../src/model/did-you-mean.js';

describe('what was meant', () => {
  const names = ['A', 'build', 'unit-tests'];

  it('is the nearest known word, whatever its case', () => {
    expect(suggestion('biuld', names)).to.equal(', did you mean "build"?');
    expect(suggestion('unit-test', names)).to.equal(', did you mean "unit-tests"?');
    expect(suggestion('a', names)).to.equal(', did you mean "A"?');
  });

  it('is not guessed where nothing is near, nor of a letter or two', () => {
    expect(suggestion('deploy', names)).to.equal('');
    expect(suggestion('d', names)).to.equal('');
    expect(suggestion('x'.repeat(10_000), names)).to.equal('');
  });
});

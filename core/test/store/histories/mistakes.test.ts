import { expect } from 'chai';
import { checkHistories } from './check-histories.js';
import { mistakes } from './mistakes.js';
import { libraryOfSmallCalls, libraryWithMistake } from './other-libraries.js';

describe('random histories of runs with a mistake in the library', function () {
  this.timeout(120_000);

  for (const { what, right, wrong, small = false } of mistakes) {
    it(`show that ${what}`, async () => {
      const library = libraryWithMistake(right, wrong);
      const { failure } = await checkHistories(5, small ? libraryOfSmallCalls(library) : library);
      expect(failure, 'what was noticed').to.be.an('error');
    });
  }
});

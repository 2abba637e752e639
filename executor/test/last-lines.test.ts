import { expect } from 'chai';
import { describe, it } from 'mocha';
import { showLastLines } from '../src/last-lines.js';

describe('the last lines in a message', () => {
  it('are twenty, without empty ones', () => {
    const lines = Array.from({ length: 30 }, (_, at) => `line ${at + 1}`);
    expect(showLastLines(`${lines.join('\n\n')}\n`)).to.equal(`Its last lines:\n${lines.slice(10).join('\n')}`);
    expect(showLastLines('\n \n')).to.equal('It wrote nothing.');
  });

  it('never have a part of a long line, in which a secret could not be masked', () => {
    const secret = 'x1Y2'.repeat(140);
    expect(showLastLines(`before\ntoken=${secret}\nafter`)).to.equal(
      'Its last lines:\nbefore\n(a line of 566 characters, see the log)\nafter',
    );
  });

  it('fit a message: the first ones are left out as a whole', () => {
    const shown = showLastLines(Array.from({ length: 20 }, (_, at) => `${at} `.padEnd(150, '.')).join('\n'));
    expect(shown.length).to.be.below(1_700);
    expect(
      shown
        .split('\n')
        .slice(1)
        .every((line) => line.length === 150),
    ).to.equal(true);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { outputLimits } from '../../src/model/limits.js';
import type { Outcome } from '../../src/model/outcome.js';
import { outputBytesRead, refuseOutputs, withOutputs } from '../../src/model/outputs.js';

const completed: Outcome = { reason: 'Completed', exitCode: 0 };
const written = (...contents: (string | Uint8Array)[]) =>
  contents.map((content, index) => ({
    step: `step-${String(index)}`,
    content: typeof content === 'string' ? Buffer.from(content) : content,
  }));
const outputsOf = (...contents: string[]) => withOutputs(completed, written(...contents)).outputs;

describe('the outputs of an attempt', () => {
  it('are lines, each as it is behind the first equals sign', () => {
    expect(outputsOf('a=1\nb=x=y \n\n\nc= "q" \r\n_=\n')).to.deep.equal({ a: '1', b: 'x=y ', c: ' "q" \r', _: '' });
    expect(outputsOf('last=line without a newline')).to.deep.equal({ last: 'line without a newline' });
    expect(outputsOf('constructor=1\ntoString=2')).to.deep.equal({ constructor: '1', toString: '2' });
  });

  it('are one for each key: a later line wins, and a later step', () => {
    expect(outputsOf('a=1\na=2\nb=1', 'b=2', '')).to.deep.equal({ a: '2', b: '2' });
  });

  it('never have a key that every object of JavaScript has already as something else', () => {
    const { reason, outputs } = withOutputs(completed, written('__proto__=x\na=1\n'));
    expect([reason, outputs]).to.deep.equal(['ConfigError', { a: '1' }]);
  });

  it('leave an outcome alone where there are none, and where the attempt did not end by itself', () => {
    expect(withOutputs(completed, [])).to.equal(completed);
    for (const outcome of [
      { reason: 'Lost', message: 'Gone.' },
      { reason: 'Lost', exitCode: 0 },
      { reason: 'ConfigError', message: 'No such command.' },
    ] as const) {
      expect(withOutputs(outcome, written('a=1'))).to.equal(outcome);
    }
    expect(withOutputs({ reason: 'OutOfMemory', exitCode: 137 }, written('a=1'))).to.have.deep.property('outputs', {
      a: '1',
    });
  });

  it('tell only the first thing that is wrong with them', () => {
    const { message } = withOutputs(completed, written('bad\nworse\n', 'worst'));
    expect(message).to.equal('Line 1 of the outputs of step "step-0" is not of the form KEY=VALUE.');
    expect(refuseOutputs({ reason: 'Signal', exitCode: 137 }, 'It is so.').message).to.equal(
      'Was ended by signal 9 (exit code 137). It is so.',
    );
  });

  it('are within the limits and never throw, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: outputBytesRead }), { maxLength: 6 }), (contents) => {
        const { outputs = {}, reason } = withOutputs(completed, written(...contents));
        const bytes = Object.entries(outputs).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);
        expect(bytes).to.be.at.most(outputLimits.jobBytes);
        expect(['Completed', 'ConfigError']).to.include(reason);
      }),
    );
  });
});

import { expect } from 'chai';
import { completed } from '@chainr/testkit/outcomes';
import fc from 'fast-check';
import { outputLimits } from '../../src/pipeline/limits.js';
import { outputBytesRead, refuseOutputs, withOutputs } from '../../src/engine/outputs.js';

const written = (...contents: (string | Uint8Array)[]) =>
  contents.map((content, index) => ({
    step: `step-${String(index)}`,
    content: typeof content === 'string' ? Buffer.from(content) : content,
  }));
const outputsOf = (...contents: string[]) => withOutputs(completed, written(...contents)).outputs;

describe('the outputs of an attempt', () => {
  it('are lines, taken literally after the first equals sign', () => {
    expect(outputsOf('a=1\nb=x=y \n\n\nc= "q" \r\n_=\n')).to.deep.equal({ a: '1', b: 'x=y ', c: ' "q" \r', _: '' });
    expect(outputsOf('last=line without a newline')).to.deep.equal({ last: 'line without a newline' });
    expect(outputsOf('constructor=1\ntoString=2')).to.deep.equal({ constructor: '1', toString: '2' });
  });

  it('have values of several lines between delimiters, whatever the lines look like', () => {
    expect(outputsOf('cert<<EOF\n-----BEGIN-----\nA=B\n\nc<<EOF2\n EOF\nEOF\nnext=1\n')).to.deep.equal({
      cert: '-----BEGIN-----\nA=B\n\nc<<EOF2\n EOF',
      next: '1',
    });
    expect(outputsOf('empty<<_\n_\none<<x.y-1\n\r\nx.y-1')).to.deep.equal({ empty: '', one: '\r' });
    expect(outputsOf('a<<E\n\n\nE\n', 'a=last')).to.deep.equal({ a: 'last' });
    expect(outputsOf('a<<E\n\n\nE\n')).to.deep.equal({ a: '\n' });
    expect(outputsOf('plain=a<<EOF\nshift=1<<2\n')).to.deep.equal({ plain: 'a<<EOF', shift: '1<<2' });
  });

  for (const [name, content, number, what, kept] of [
    [
      'that goes on without a delimiter',
      'a=first\nsecond line\nb=1\n',
      2,
      /not of the form KEY=VALUE; .*KEY<<EOF/,
      ['a', 'b'],
    ],
    ['that ends as base64 does', 'data=QUJD\nREVGRw==\nb=1\n', 2, /begins with "=", .*KEY<<EOF/, ['data', 'b']],
    ['whose delimiter does not come', 'a=1\ndata<<EOF\nx\nEOF \n', 2, /no line consists of its delimiter/, ['a']],
    ['without a delimiter', 'data<<\nx\n', 1, /no valid delimiter after "<<"/, []],
    ['with a quoted delimiter', "data<<'EOF'\nx\nEOF\n", 1, /no valid delimiter after "<<"/, []],
    ['with a space before the delimiter', 'data<< EOF\nx\nEOF\n', 1, /no valid delimiter after "<<"/, []],
    ['without a key', '<<EOF\nx\nEOF\n', 1, /has an invalid key: /, []],
    ['with an invalid key', 'my-key<<EOF\nx\nEOF\n', 1, /has an invalid key: /, []],
    ['with a zero byte', 'data<<EOF\nx\na\0b\nEOF\nb=1\n', 3, /zero byte/, ['b']],
  ] as const) {
    it(`refuse a value of several lines ${name}, and name its line but not its content`, () => {
      const { reason, message = '', outputs } = withOutputs(completed, written(content));
      expect(reason).to.equal('ConfigError');
      expect(message)
        .to.match(new RegExp(`^Line ${String(number)} of the outputs of step "step-0" `))
        .and.match(what);
      expect(message).not.to.match(/REVGRw|second line|'EOF'/);
      expect(Object.keys(outputs ?? {})).to.deep.equal(kept);
    });
  }

  it('refuse a value of several lines that is not UTF-8, with its line', () => {
    const content = Buffer.concat([
      Buffer.from('data<<EOF\nx\n'),
      Buffer.from([0xff, 0x0a]),
      Buffer.from('EOF\nb=1\n'),
    ]);
    const { message, outputs } = withOutputs(completed, written(content));
    expect(message).to.equal('Line 3 of the outputs of step "step-0" is not UTF-8.');
    expect(outputs).to.deep.equal({ b: '1' });
  });

  it('are returned unchanged, whatever a value between delimiters contains', () => {
    const values = fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => text.replaceAll('\0', ''));
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(!value.split('\n').includes('DELIMITER') && Buffer.byteLength(value) < 2_000);
        expect(outputsOf(`before=1\nvalue<<DELIMITER\n${value}\nDELIMITER\nafter=2\n`)).to.deep.equal({
          before: '1',
          value,
          after: '2',
        });
      }),
    );
  });

  it('are one for each key: a later line wins, and a later step', () => {
    expect(outputsOf('a=1\na=2\nb=1', 'b=2', '')).to.deep.equal({ a: '2', b: '2' });
  });

  it('never have a key of the JavaScript object prototype', () => {
    const { reason, outputs } = withOutputs(completed, written('__proto__=x\na=1\n'));
    expect([reason, outputs]).to.deep.equal(['ConfigError', { a: '1' }]);
  });

  it('do not change an outcome if there are none, or if the attempt did not end by itself', () => {
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

  it('report only their first mistake', () => {
    const { message } = withOutputs(completed, written('bad\nworse\n', 'worst'));
    expect(message).to.equal(
      'Line 1 of the outputs of step "step-0" is not of the form KEY=VALUE; write a value of several lines as KEY<<EOF, the lines, and EOF.',
    );
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

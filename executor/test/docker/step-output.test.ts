import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { LogFrame } from '../../src/docker/output/log-frames.js';
import type { StepMarks } from '../../src/docker/output/log-position.js';
import { StepOutput } from '../../src/docker/output/step-output.js';

const [first, second] = ['2026-01-02T03:04:05.000000001Z', '2026-01-02T03:04:05.000000002Z'];

const entry = (text: string, more: Partial<LogFrame> = {}): LogFrame => ({
  stream: 'stdout',
  timestamp: first,
  bytes: Buffer.from(text),
  ...more,
});

/** The texts of the chunks made from the entries, and the marks after them. */
function build(entries: readonly LogFrame[], from: StepMarks = {}): { texts: string[]; marks: StepMarks } {
  const output = new StepOutput('main', from);
  const texts = output.take(entries).map(({ bytes }) => bytes.toString());
  return { texts, marks: output.marks };
}

describe('the output of a container', () => {
  it('consists of the entries of its log, with times in milliseconds', () => {
    const chunks = new StepOutput('some-step', {}).take([entry('text\n', { stream: 'stderr' })]);
    const time = Date.parse('2026-01-02T03:04:05.000Z');
    expect(chunks).to.deep.equal([{ time, step: 'some-step', stream: 'stderr', bytes: Buffer.from('text\n') }]);
  });

  it('has the pieces of an unfinished line, and bytes that are not UTF-8', () => {
    const bytes = Buffer.from([0x61, 0xff, 0x0d, 0xc3]);
    const output = new StepOutput('main', {});
    expect(output.take([entry('half'), entry('', { bytes })]).map((chunk) => chunk.bytes)).to.deep.equal([
      Buffer.from('half'),
      bytes,
    ]);
  });

  describe('with a line that the daemon has split', () => {
    const piece = 'x'.repeat(16 * 1024);
    const endings: Record<string, [string[], string]> = {
      'in the middle': [[piece, piece, 'rest', 'next\n'], `${piece}${piece}rest\nnext\n`],
      'right before its newline': [[piece, '', 'next\n'], `${piece}\nnext\n`],
      'and whose newline was kept': [[piece, 'rest\n', 'next\n'], `${piece}rest\nnext\n`],
    };
    for (const [where, [texts, written]] of Object.entries(endings)) {
      it(`${where} has one newline at its end, from wherever it is read`, () => {
        const entries = texts.map((text) => entry(text));
        expect(build(entries).texts.join('')).to.equal(written);
        for (let count = 0; count <= entries.length; count += 1) {
          const before = build(entries.slice(0, count));
          const after = build(entries, before.marks);
          expect([...before.texts, ...after.texts].join(''), `after ${String(count)}`).to.equal(written);
        }
      });
    }

    it('is independent of the other stream', () => {
      const entries = [entry(piece), entry('bad', { stream: 'stderr' }), entry('rest')];
      expect(build(entries).texts.join('')).to.equal(`${piece}badrest\n`);
    });
  });

  it('is counted within one timestamp, for each stream', () => {
    const entries = [entry('a'), entry('x', { stream: 'stderr' }), entry('b'), entry('c', { timestamp: second })];
    expect(build(entries.slice(0, 3)).marks).to.deep.equal({ stdout: [first, 2], stderr: [first, 1] });
    expect(build(entries).marks).to.deep.equal({ stdout: [second, 1], stderr: [first, 1] });
  });

  it('continues after any mark, with no entry missing or doubled', () => {
    const entries = ['a', 'b', 'c', 'd', 'e', 'f'].map((text, index) =>
      entry(text, {
        stream: index % 3 === 2 ? 'stderr' : 'stdout',
        timestamp: index < 4 ? first : second,
      }),
    );
    const all = build(entries);
    for (let count = 0; count <= entries.length; count += 1) {
      const before = build(entries.slice(0, count));
      const after = build(entries, before.marks);
      expect([...before.texts, ...after.texts], `after ${String(count)}`).to.deep.equal(all.texts);
      expect(after.marks).to.deep.equal(all.marks);
    }
  });

  it('keeps its mark until there is new output', () => {
    const from: StepMarks = { stdout: [second, 3] };
    expect(build([entry('old'), entry('old too', { timestamp: second })], from)).to.deep.equal({
      texts: [],
      marks: from,
    });
  });
});

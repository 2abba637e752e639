import { expect } from 'chai';
import { describe, it } from 'mocha';
import { LineBuilder } from '../../src/docker/line-builder.js';
import type { LogFrame } from '../../src/docker/log-frames.js';
import type { StepMarks } from '../../src/docker/log-position.js';
import { maxLineBytes } from '../../src/split-lines.js';

const [first, second] = ['2026-01-02T03:04:05.000000001Z', '2026-01-02T03:04:05.000000002Z'];

const entry = (text: string, more: Partial<LogFrame> = {}): LogFrame => ({
  stream: 'stdout',
  timestamp: first,
  text,
  newline: true,
  ...more,
});

/** The texts that a builder makes of entries, with its marks afterwards. */
function build(entries: readonly LogFrame[], from: StepMarks = {}): { texts: string[]; marks: StepMarks } {
  const builder = new LineBuilder('main', from);
  const texts = builder.take(entries).map(({ text }) => text);
  return { texts, marks: builder.marks };
}

describe('the lines of a container log', () => {
  it('are made of entries, with the time to the millisecond', () => {
    const lines = new LineBuilder('some-step', {}).take([entry('text', { stream: 'stderr' })]);
    const time = Date.parse('2026-01-02T03:04:05.000Z');
    expect(lines).to.deep.equal([{ time, step: 'some-step', stream: 'stderr', text: 'text', newline: true }]);
  });

  it('are put together from pieces, those of each stream by themselves', () => {
    const half = { newline: false };
    const entries = [entry('a', half), entry('x', { ...half, stream: 'stderr' }), entry('b', half), entry('c')];
    const builder = new LineBuilder('main', {});
    expect(builder.take(entries).map(({ text }) => text)).to.deep.equal(['abc']);
    expect(builder.take([entry('y', { stream: 'stderr' })]).map(({ text }) => text)).to.deep.equal(['xy']);
  });

  it('are cut where they become too long, and lose nothing', () => {
    const piece = 'x'.repeat(16 * 1024);
    const count = maxLineBytes / piece.length + 1;
    const entries = [...Array.from({ length: count }, () => entry(piece, { newline: false })), entry('end')];
    const lines = new LineBuilder('main', {}).take(entries);
    expect(lines.map(({ text, newline }) => [text.length, newline])).to.deep.equal([
      [maxLineBytes, false],
      [piece.length + 3, true],
    ]);
  });

  it('without a newline at the very end come when the output is over, once', () => {
    const builder = new LineBuilder('main', {});
    const half = { newline: false };
    expect(builder.take([entry('out', half), entry('err', { ...half, stream: 'stderr' })])).to.deep.equal([]);
    expect(builder.flush().map(({ stream, text, newline }) => [stream, text, newline])).to.deep.equal([
      ['stdout', 'out', false],
      ['stderr', 'err', false],
    ]);
    expect(builder.flush()).to.deep.equal([]);
  });

  it('are counted within one timestamp, for each stream', () => {
    const entries = [entry('a'), entry('x', { stream: 'stderr' }), entry('b'), entry('c', { timestamp: second })];
    expect(build(entries.slice(0, 3)).marks).to.deep.equal({ stdout: [first, 2], stderr: [first, 1] });
    expect(build(entries).marks).to.deep.equal({ stdout: [second, 1], stderr: [first, 1] });
  });

  it('go on after any mark, with none missing or doubled', () => {
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

  it('are read again from their beginning where a reader gave up between two pieces', () => {
    const entries = [entry('whole'), entry('one ', { newline: false }), entry('two')];
    const before = build(entries.slice(0, 2));
    expect(before).to.deep.equal({ texts: ['whole'], marks: { stdout: [first, 1] } });
    expect(build(entries, before.marks).texts).to.deep.equal(['one two']);
  });

  it('keep the mark that they went on from as long as nothing new comes', () => {
    const from: StepMarks = { stdout: [second, 3] };
    expect(build([entry('old'), entry('old too', { timestamp: second })], from)).to.deep.equal({
      texts: [],
      marks: from,
    });
  });
});

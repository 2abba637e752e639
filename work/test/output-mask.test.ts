import { expect } from 'chai';
import type { LogBatch, OutputChunk } from '@chainr/executor/port';
import { maskOutput } from '../src/mask/mask-output.js';
import { Mask, noMask } from '../src/mask/mask.js';
import { OutputMask } from '../src/mask/output-mask.js';

const token = 'other-token';
const mask = new Mask([token, 'first line\nsecond\nthe third']);
const chunk = (text: string | Buffer, stream: OutputChunk['stream'] = 'stdout', step = 'main'): OutputChunk => {
  return { time: 1, step, stream, bytes: Buffer.from(text) };
};
/** Batches of one chunk each. Their positions count from 1. */
const batches = (...chunks: (string | OutputChunk)[]): LogBatch[] =>
  chunks.map((each, index) => ({
    chunks: [typeof each === 'string' ? chunk(each) : each],
    position: String(index + 1),
  }));
const told = (batch: LogBatch | undefined): string | undefined =>
  batch && `${batch.position}: ${batch.chunks.map(({ bytes }) => bytes.toString()).join('|')}`;
const addAll = (output: OutputMask, all: readonly LogBatch[]) => all.map((batch) => told(output.add(batch)));

describe('the mask of an output', () => {
  it('covers a secret once, at whatever place it is split into batches, and holds back what is open', () => {
    for (let at = 1; at < token.length; at += 1) {
      const output = new OutputMask(mask, true);
      const [first, second, third] = addAll(
        output,
        batches(`begins ${token.slice(0, at)}`, `${token.slice(at)} ends\n`, 'next\n'),
      );
      // Fewer than four bytes could be the beginning of anything.
      expect(first, String(at)).to.equal(at < 4 ? `1: begins ${token.slice(0, at)}` : undefined);
      expect(second, String(at)).to.equal(at < 4 ? '2: *** ends\n' : '2: begins ***| ends\n');
      expect(third).to.equal('3: next\n');
      expect(output.holds).to.equal(false);
    }
  });

  it('takes each step and stream for itself, and lets none overtake another', () => {
    const output = new OutputMask(mask, true);
    const parts = [
      'x other',
      chunk('y oth', 'stderr'),
      '-to',
      chunk('nothing\n', 'stderr'),
      chunk('z', 'stdout', 'b'),
      'ken z',
    ];
    expect(addAll(output, batches(...parts))).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      '6: x ***|y oth|nothing\n|z| z',
    ]);
  });

  it('hands on the batches before the one that is open, with the position behind them', () => {
    const output = new OutputMask(mask, true);
    expect(addAll(output, batches('one\n', 'two other-', 'to'))).to.deep.equal(['1: one\n', undefined, undefined]);
    expect(told(output.rest())).to.equal('3: two other-|to');
  });

  it('tells what was open when the output has ended, and covers it when nothing came for a moment', () => {
    const [ended, late] = [new OutputMask(mask, true), new OutputMask(mask, true)];
    for (const output of [ended, late]) expect(addAll(output, batches('is it other-t'))).to.deep.equal([undefined]);
    expect(told(ended.rest())).to.equal('1: is it other-t');
    expect(told(late.cover())).to.equal('1: is it ***');
    expect(told(late.add({ ...batches('oken!\n')[0]!, position: '2' }))).to.equal('2: !\n');
  });

  it('tells a whole line for which nothing came, though the first words of a secret are a line too', () => {
    const output = new OutputMask(mask, true);
    expect(addAll(output, batches('first line\n'))).to.deep.equal([undefined]);
    expect(told(output.cover())).to.equal('1: ***\n');
    expect(addAll(output, batches('my first\n'))).to.deep.equal([undefined]);
    expect(told(output.cover())).to.equal('1: my first\n');
  });

  it('holds back no more than a MiB, however long a secret goes on', () => {
    const long = 'x'.repeat(3 * 1024 * 1024);
    const output = new OutputMask(new Mask([long]), true);
    const half = long.slice(0, long.length / 2);
    expect(told(output.add(batches(`a ${half}`)[0]!))).to.equal('1: a ***');
    expect(told(output.add(batches(`${half} b`)[0]!))).to.equal('1:  b');
  });

  it('covers the end of a secret for who goes on with the log and does not know how the output began', () => {
    const goesOn = (text: string) => addAll(new OutputMask(mask, false), batches(text, '-token begins\n'));
    expect(goesOn('-token ends\n')).to.deep.equal(['1: *** ends\n', '2: -token begins\n']);
    expect(goesOn('line\n  second\nthe  third.\n')[0]).to.equal('1: ***.\n');
    expect(goesOn('ken ends\n')[0]).to.equal('1: ken ends\n');
    expect(addAll(new OutputMask(mask, true), batches('-token is a line\n'))).to.deep.equal(['1: -token is a line\n']);
  });

  it('leaves bytes alone that are no text', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x0d, 0xc3]);
    const output = new OutputMask(mask, true);
    const { chunks } = output.add({ chunks: [chunk(bytes), chunk(token)], position: '1' })!;
    expect(Buffer.concat(chunks.map((each) => each.bytes))).to.deep.equal(Buffer.concat([bytes, Buffer.from('***')]));
  });
});

describe('an output that is masked as it comes', () => {
  const read = async (output: AsyncIterable<LogBatch>): Promise<string[]> => {
    const found: string[] = [];
    for await (const batch of output) found.push(told(batch) ?? '');
    return found;
  };
  /** Yields the batches, and then waits for the abort. */
  async function* silentAfter(all: readonly LogBatch[], signal: AbortSignal): AsyncGenerator<LogBatch> {
    yield* all;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  it('is the output itself where there are no secrets', () => {
    const output = silentAfter([], new AbortController().signal);
    expect(maskOutput(noMask, '', () => output, new AbortController().signal)).to.equal(output);
  });

  it('waits for what may be a secret, but not for long, and leaves what it reads when it is left', async () => {
    const left: AbortSignal[] = [];
    const output = maskOutput(
      mask,
      '',
      (signal) => {
        left.push(signal);
        return silentAfter(batches('one\n', 'password: other'), signal);
      },
      new AbortController().signal,
    );
    const found: string[] = [];
    for await (const batch of output) {
      found.push(told(batch) ?? '');
      if (found.length === 2) break;
    }
    expect(found).to.deep.equal(['1: one\n', '2: password: ***']);
    expect(left.map(({ aborted }) => aborted)).to.deep.equal([true]);
  });

  it('tells all when it ends, and nothing of what is open when it is aborted', async () => {
    async function* ending(): AsyncGenerator<LogBatch> {
      yield* batches('one\n', 'two other-t');
      await Promise.resolve();
    }
    expect(await read(maskOutput(mask, '', ending, new AbortController().signal))).to.deep.equal([
      '1: one\n',
      '2: two other-t',
    ]);
    const aborting = new AbortController();
    async function* aborted(): AsyncGenerator<LogBatch> {
      yield* batches('one\n', 'two other-t');
      aborting.abort();
      await Promise.resolve();
    }
    expect(await read(maskOutput(mask, '', aborted, aborting.signal))).to.deep.equal(['1: one\n']);
  });

  it('fails as what it reads fails, also while something is held back', async () => {
    async function* failing(): AsyncGenerator<LogBatch> {
      yield* batches('two other-t');
      await Promise.resolve();
      throw new Error('the disk is gone');
    }
    const failure = await read(maskOutput(mask, '', failing, new AbortController().signal)).catch(String);
    expect(failure).to.equal('Error: the disk is gone');
  });
});

import { expect } from 'chai';
import { mergeSources } from '../src/merge-sources.js';

/** Gives the numbers, and waits for the signal before it ends. */
async function* numbers(from: number, count: number, until?: AbortSignal, ended: number[] = []) {
  try {
    for (let at = 0; at < count; at += 1) yield from + at;
    if (until && !until.aborted) await new Promise((resolve) => { until.addEventListener('abort', resolve); }); // prettier-ignore
  } finally {
    ended.push(from);
  }
}

async function* failing(): AsyncGenerator<number, void, void> {
  yield 1;
  await Promise.resolve();
  throw new Error('the daemon is away');
}

describe('several sources of output', () => {
  it('are read side by side, each in its order, until all have ended', async () => {
    const found: number[] = [];
    for await (const number of mergeSources([numbers(0, 3), numbers(10, 2), numbers(20, 0)])) found.push(number);
    expect(found.filter((number) => number < 10)).to.deep.equal([0, 1, 2]);
    expect(found.filter((number) => number >= 10)).to.deep.equal([10, 11]);
    expect(found.indexOf(10)).to.be.below(found.indexOf(2));
  });

  it('go on while one of them is silent', async () => {
    const over = new AbortController();
    const found: number[] = [];
    for await (const number of mergeSources([numbers(0, 0, over.signal), numbers(10, 3)])) {
      found.push(number);
      if (number === 12) over.abort();
    }
    expect(found).to.deep.equal([10, 11, 12]);
  });

  it('end with the first error of one', async () => {
    const over = new AbortController();
    const found: number[] = [];
    const read = async () => {
      for await (const number of mergeSources([numbers(0, 1, over.signal), failing()])) found.push(number);
    };
    const error = await read().catch((thrown: unknown) => thrown);
    expect(String(error)).to.contain('the daemon is away');
    expect(found).to.have.members([0, 1]);
    over.abort();
  });

  it('are left when the reader leaves, also those whose item was read ahead', async () => {
    const over = new AbortController();
    const ended: number[] = [];
    for await (const number of mergeSources([
      numbers(0, 2, undefined, ended),
      numbers(10, 2, undefined, ended),
      numbers(20, 0, over.signal, ended),
    ])) {
      // prettier-ignore
      if (number === 0) break;
    }
    over.abort();
    await new Promise((resolve) => { setImmediate(resolve); }); // prettier-ignore
    expect(ended).to.have.members([0, 10, 20]);
  });

  it('are left also if one gives another item after that', async () => {
    let give: () => void = () => undefined;
    let hasEnded = false;
    async function* late(): AsyncGenerator<number, void, void> {
      try {
        await new Promise<void>((resolve) => (give = resolve));
        yield 1;
      } finally {
        hasEnded = true;
      }
    }
    for await (const number of mergeSources([late(), numbers(10, 1)])) if (number === 10) break;
    give();
    await new Promise((resolve) => { setImmediate(resolve); }); // prettier-ignore
    expect(hasEnded).to.equal(true);
  });
});

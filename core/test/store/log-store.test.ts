import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import type { LogLine } from '../../src/model/records.js';
import type { Lease } from '../../src/store/keys.js';
import { formatLogLine, parseLogLine } from '../../src/store/log-format.js';
import type { LogPage } from '../../src/store/log-store.js';

const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  time: 1_763_690_000_123,
  step: 'main',
  stream: 'stdout',
  text,
  newline: true,
  ...more,
});

describe('a line of a log', () => {
  for (const [what, each] of [
    ['plain text', line('hello world')],
    ['nothing', line('')],
    ['spaces at both ends', line('  a  b  ')],
    ['a carriage return', line('50 %\r60 %')],
    ['other letters', line('naïve ☃ 🚀')],
    ['no newline of its own', line('> ', { newline: false })],
    ['a step and stderr', line('oops', { step: 'build', stream: 'stderr' })],
    ['a mark of chainr', line('cut here', { stream: 'system' })],
  ] as const) {
    it(`with ${what} reads back as it was stored`, () => {
      expect(parseLogLine(formatLogLine(each).slice(0, -1))).to.eql(each);
    });
  }
});

describe('reading a log', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const hold = async () => claimJob(open.store, await open.create(pipelineOf({ a: [] })), 0);
  const lengths = new Map<Lease, number>();
  async function append(lease: Lease, texts: readonly string[], end = false): Promise<void> {
    const length = lengths.get(lease) ?? 0;
    const bytes = Buffer.from(texts.map((text) => formatLogLine(line(text))).join(''));
    const reply = await open.store.transitions.appendLog(lease, { length, bytes, position: String(length), end });
    expect(reply).to.eql({ kind: 'ok', length: length + bytes.length });
    lengths.set(lease, length + bytes.length);
  }
  const read = ({ run, index, attempt }: Lease, offset = 0, maxBytes = 65_536) =>
    open.store.logs.read(run, index, attempt, { offset, maxBytes });
  const follow = ({ run, index, attempt }: Lease, signal: AbortSignal, offset = 0) =>
    open.store.logs.follow(run, index, attempt, { offset }, signal);
  const textsOf = (pages: readonly (LogPage | undefined)[]) =>
    pages.flatMap((page) => page?.lines.map(({ text }) => text) ?? []);
  const overhead = formatLogLine(line('')).length;

  it('answers with whole lines and where to read on', async () => {
    const lease = await hold();
    await append(lease, ['one', 'two', 'three']);
    const page = await read(lease, 0, overhead * 2 + 10);
    expect(textsOf([page])).to.eql(['one', 'two']);
    expect(page?.lines.map(({ offset }) => offset)).to.eql([0, overhead + 3]);
    expect(page).to.include({ nextOffset: overhead * 2 + 6, ended: false });
    expect(textsOf([await read(lease, page?.nextOffset)])).to.eql(['three']);
  });

  it('skips to the next line from inside one', async () => {
    const lease = await hold();
    await append(lease, ['one', 'two', 'three']);
    const second = overhead + 3;
    expect(textsOf([await read(lease, second)])).to.eql(['two', 'three']);
    for (const inside of [1, 5, second - 1]) expect(textsOf([await read(lease, inside)])).to.eql(['two', 'three']);
    expect(textsOf([await read(lease, second + 1)])).to.eql(['three']);
  });

  it('answers with a line that is longer than asked for, whole', async () => {
    const lease = await hold();
    const long = 'x'.repeat(200_000);
    await append(lease, [long, 'short']);
    for (const maxBytes of [100, 1, 0]) expect(textsOf([await read(lease, 0, maxBytes)])[0] === long).to.be.true;
    expect(textsOf([await read(lease, 150_000)])).to.eql(['short']);
  });

  it('goes across the borders of the stored parts', async () => {
    const lease = await hold();
    const texts = Array.from({ length: 3_000 }, (_, at) => `${at} ${'y'.repeat(700)}`);
    for (let from = 0; from < texts.length; from += 500)
      await append(lease, texts.slice(from, from + 500), from === 2_500);
    const pages: LogPage[] = [];
    for (let page = await read(lease, 0, 300_000); ; page = await read(lease, page!.nextOffset, 300_000)) {
      pages.push(page!);
      if (page!.ended) break;
    }
    expect(textsOf(pages)).to.eql(texts);
    expect(pages.length).to.be.above(6);
  });

  it('says the end only when the mark is stored and all was read', async () => {
    const lease = await hold();
    await append(lease, ['one', 'two']);
    expect(await read(lease)).to.include({ ended: false });
    await append(lease, [], true);
    expect(await read(lease)).to.include({ ended: true });
    expect(await read(lease, 0, overhead + 4)).to.include({ ended: false });
    expect(await read(lease, 1_000_000)).to.deep.include({ lines: [], ended: true });
  });

  it('knows no log of what was never claimed', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: ['a'] }));
    const lease = { run: uid, index: 0, attempt: 1, epoch: 1, owner: 'owner' };
    expect(await read(lease)).to.be.undefined;
    expect(await read({ ...lease, index: 1 })).to.be.undefined;
    expect(await read({ ...lease, index: 9 })).to.be.undefined;
    await claimJob(open.store, uid, 0);
    expect(await read(lease)).to.deep.include({ lines: [], ended: false });
    expect(await read({ ...lease, attempt: 2 })).to.be.undefined;
    expect(await read({ ...lease, attempt: 0 })).to.be.undefined;
  });

  it('knows that the log of an earlier attempt has ended', async () => {
    const lease = await hold();
    await append(lease, ['first try']);
    await open.store.transitions.requeue(lease, 'Interrupted', '', { removalGraceMs: 1_000 });
    expect(await read(lease)).to.include({ ended: true });
    expect(textsOf([await read(lease)])).to.eql(['first try']);
  });

  describe('live', () => {
    it('brings lines as they come and ends after the end mark, for two readers alike', async () => {
      const lease = await hold();
      const never = new AbortController().signal;
      const texts = Array.from({ length: 40 }, (_, at) => `line ${at}`);
      const arrived = [new Set<string>(), new Set<string>()];
      const wake = { resolve: () => {} };
      const reading = arrived.map(async (seen) => {
        const pages: LogPage[] = [];
        for await (const page of follow(lease, never)) {
          pages.push(page);
          for (const { text } of page.lines) seen.add(text);
          wake.resolve();
        }
        return pages;
      });
      const warnings: Error[] = [];
      const onWarning = (warning: Error) => warnings.push(warning);
      process.on('warning', onWarning);
      const started = performance.now();
      for (const text of texts) {
        await append(lease, [text]);
        // Both have it before the next one is written.
        while (!arrived.every((seen) => seen.has(text))) await new Promise<void>((resolve) => (wake.resolve = resolve));
      }
      await append(lease, [], true);
      for (const pages of await Promise.all(reading)) {
        expect(textsOf(pages)).to.eql(texts);
        expect(pages.map(({ ended }) => ended).lastIndexOf(false)).to.equal(pages.length - 2);
      }
      expect(performance.now() - started).to.be.below(4_000); // By word of mouth, not by looking again.
      process.off('warning', onWarning);
      expect(warnings).to.eql([]);
    });

    it('reads on from an offset', async () => {
      const lease = await hold();
      await append(lease, ['one', 'two'], true);
      const pages: LogPage[] = [];
      for await (const page of follow(lease, new AbortController().signal, overhead + 3)) pages.push(page);
      expect(textsOf(pages)).to.eql(['two']);
    });

    it('stops when told, in the middle of waiting', async () => {
      const lease = await hold();
      await append(lease, ['one']);
      const stop = new AbortController();
      const pages: LogPage[] = [];
      for await (const page of follow(lease, stop.signal)) {
        pages.push(page);
        setImmediate(() => stop.abort());
      }
      expect(textsOf(pages)).to.eql(['one']);
    });

    it('of what was never claimed ends at once', async () => {
      const uid = await open.create(pipelineOf({ a: [] }));
      for await (const page of open.store.logs.follow(uid, 0, 1, { offset: 0 }, new AbortController().signal)) {
        expect.fail(JSON.stringify(page));
      }
    });
  });
});

import { mock } from 'node:test';
import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { untilFound } from '@chainr/testkit/until-found';
import type { Lease } from '../../../src/store/redis/keys.js';
import type { LogPiece } from '../../../src/store/logs/log-format.js';
import { linesOf, type LogPage } from '../../../src/store/logs/log-page.js';

describe('reading a log', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const hold = async () => claimJob(open.store, await open.create(pipelineOf({ a: [] })), 0);
  const lengths = new Map<Lease, number>();
  async function append(lease: Lease, texts: readonly string[], end = false): Promise<void> {
    const length = lengths.get(lease) ?? 0;
    const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
    const reply = await open.store.transitions.appendLog(lease, { length, bytes, position: String(length), end });
    expect(reply).to.eql({ kind: 'ok', length: length + bytes.length });
    lengths.set(lease, length + bytes.length);
  }
  const read = ({ run, index, attempt }: Lease, offset = 0, maxBytes = 65_536) =>
    open.store.logs.read(run, index, attempt, { offset, maxBytes });
  const follow = ({ run, index, attempt }: Lease, signal: AbortSignal, offset = 0) =>
    open.store.logs.follow(run, index, attempt, { offset }, signal);
  const textsOf = (pages: readonly (LogPage | undefined)[]) =>
    pages.flatMap((page) => (page ? linesOf(page) : []).map(({ text }) => text));

  it('answers with whole lines and where to read on', async () => {
    const lease = await hold();
    await append(lease, ['one', 'two', 'three']);
    const page = await read(lease, 0, 10);
    expect(page && linesOf(page).map(({ text, offset, nextOffset }) => [text, offset, nextOffset])).to.eql([
      ['one', 0, 4],
      ['two', 4, 8],
    ]);
    expect(page).to.include({ nextOffset: 8, ended: false });
    expect(textsOf([await read(lease, page?.nextOffset)])).to.eql(['three']);
  });

  it('answers with every byte from any offset on, and says when that is within a line', async () => {
    const lease = await hold();
    await append(lease, ['one', 'two', 'three']);
    const whole = Buffer.from('one\ntwo\nthree\n');
    for (let offset = 0; offset <= whole.length; offset += 1) {
      const page = await read(lease, offset);
      expect(page?.bytes).to.eql(whole.subarray(offset));
      expect(page?.within !== undefined, String(offset)).to.equal(![0, 4, 8, 14].includes(offset));
    }
  });

  it('splits a line that is longer than the page, but never within a character', async () => {
    const lease = await hold();
    const long = 'x€'.repeat(50_000);
    await append(lease, [long, 'short']);
    for (const maxBytes of [100, 1, 0, 333]) {
      let [text, offset] = ['', 0];
      while (offset < 2_000) {
        const page = await read(lease, offset, maxBytes);
        expect(page?.bytes.toString()).not.to.contain('\ufffd');
        text += page?.bytes.toString() ?? '';
        offset = page?.nextOffset ?? Infinity;
      }
      expect(long.startsWith(text)).to.be.true;
    }
  });

  it('gives step, stream and time of every byte, wherever reading begins and ends', async () => {
    const lease = await hold();
    const streams = ['stdout', 'stderr', 'system'] as const;
    const pieces: LogPiece[] = Array.from({ length: 20_000 }, (_, at) => {
      const bytes = Buffer.alloc(1 + (at % 7), 97 + (at % 26));
      return { time: 1_763_690_000_000 + (at >> 2), step: (at >> 4) % 100, stream: streams[at % 5] ?? 'stdout', bytes };
    });
    let length = 0;
    for (const count of [1, 2, 1, 5_000, 14_996]) {
      const some = pieces.splice(0, count);
      pieces.push(...some);
      const reply = await open.store.transitions.appendLog(lease, {
        length,
        pieces: some,
        position: String(length),
        end: false,
      });
      length += some.reduce((sum, { bytes }) => sum + bytes.length, 0);
      expect(reply).to.eql({ kind: 'ok', length });
    }
    const origins = pieces.flatMap(({ time, step, stream, bytes }) =>
      Array.from(bytes, () => `${time} ${step} ${stream}`),
    );
    const originsOf = ({ frames, offset, nextOffset }: LogPage) =>
      frames.flatMap(({ time, step, stream, offset: at }, place) => {
        const bytes = Math.min(nextOffset, frames[place + 1]?.offset ?? nextOffset) - Math.max(offset, at);
        return Array.from({ length: bytes }, () => `${time} ${step} ${stream}`);
      });
    for (const from of [0, 1, 2, 3, 777, 39_999, 60_001, length - 1]) {
      const page = (await read(lease, from, 1_000))!;
      expect(originsOf(page)).to.eql(origins.slice(from, page.nextOffset));
      expect(page.nextOffset).to.equal(Math.min(length, from + 1_000));
    }
    const found: string[] = [];
    const signal = new AbortController().signal;
    for await (const page of open.store.logs.stretch(
      lease.run,
      0,
      1,
      { from: 0, to: length, pageBytes: 50_000 },
      signal,
    ))
      found.push(...originsOf(page));
    expect(found).to.eql(origins);
  });

  it('crosses the borders of the stored parts', async () => {
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

  it('reports the end only when the end mark is stored and everything was read', async () => {
    const lease = await hold();
    await append(lease, ['one', 'two']);
    expect(await read(lease)).to.include({ ended: false });
    await append(lease, [], true);
    expect(await read(lease)).to.include({ ended: true });
    expect(await read(lease, 0, 4)).to.include({ ended: false });
    expect(await read(lease, 1_000_000)).to.deep.include({ bytes: Buffer.alloc(0), ended: true });
  });

  it('finds no log of an attempt that was never claimed', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: ['a'] }));
    const lease = { run: uid, index: 0, attempt: 1, epoch: 1, owner: 'owner' };
    expect(await read(lease)).to.be.undefined;
    expect(await read({ ...lease, index: 1 })).to.be.undefined;
    expect(await read({ ...lease, index: 9 })).to.be.undefined;
    await claimJob(open.store, uid, 0);
    expect(await read(lease)).to.deep.include({ bytes: Buffer.alloc(0), ended: false });
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
    afterEach(() => mock.timers.reset());

    it('sends lines as they come and ends after the end mark, also for two readers', async () => {
      // Time stands still, so no reader polls: only the message about new lines wakes it.
      mock.timers.enable({ apis: ['setTimeout'] });
      const lease = await hold();
      const never = new AbortController().signal;
      const texts = Array.from({ length: 40 }, (_, at) => `line ${at}`);
      const arrived = [new Set<string>(), new Set<string>()];
      const reading = arrived.map(async (seen) => {
        const pages: LogPage[] = [];
        for await (const page of follow(lease, never)) {
          pages.push(page);
          for (const { text } of linesOf(page)) seen.add(text);
        }
        return pages;
      });
      const warnings: Error[] = [];
      const onWarning = (warning: Error) => warnings.push(warning);
      process.on('warning', onWarning);
      for (const text of texts) {
        await append(lease, [text]);
        // Both readers have it before the next line is written.
        const have = () => arrived.map((seen) => seen.has(text));
        await untilFound(`${text} at both readers`, have, (seen) => seen.every(Boolean), { everyMs: 0 });
      }
      await append(lease, [], true);
      for (const pages of await Promise.all(reading)) {
        expect(textsOf(pages)).to.eql(texts);
        expect(pages.map(({ ended }) => ended).lastIndexOf(false)).to.equal(pages.length - 2);
      }
      process.off('warning', onWarning);
      expect(warnings).to.eql([]);
    });

    it('reads on from an offset', async () => {
      const lease = await hold();
      await append(lease, ['one', 'two'], true);
      const pages: LogPage[] = [];
      for await (const page of follow(lease, new AbortController().signal, 4)) pages.push(page);
      expect(textsOf(pages)).to.eql(['two']);
    });

    it('stops when it is told to, also while it waits', async () => {
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

    it('ends at once for an attempt that was never claimed', async () => {
      const uid = await open.create(pipelineOf({ a: [] }));
      for await (const page of open.store.logs.follow(uid, 0, 1, { offset: 0 }, new AbortController().signal)) {
        expect.fail(JSON.stringify(page));
      }
    });
  });
});

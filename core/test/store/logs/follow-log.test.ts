import { expect } from 'chai';
import path from 'node:path';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { countCommands } from '@chainr/testkit/count-commands';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { startRedisProxy, type RedisProxy } from '@chainr/testkit/redis-proxy';
import { untilFound } from '@chainr/testkit/until-found';
import { keys, type Lease } from '../../../src/store/redis/keys.js';
import type { LogPage } from '../../../src/store/logs/log-page.js';
import { Store } from '../../../src/store/store.js';
import { hearLog } from './hear-log.js';

/** A log that a test writes. */
interface GrowingLog {
  lease: Lease;
  key: string;
  readonly bytes: Buffer;
  readonly length: number;
  append(bytes: Buffer, end?: boolean): Promise<void>;
}

/** A reader of the log. */
interface Follower {
  /** Resolves when this many bytes have arrived. */
  until(length: number): Promise<void>;
  /** Resolves at the end of the log. */
  readonly whole: Promise<Buffer>;
}

describe('following a log', () => {
  let open: OpenStore;
  /** Ends the readers that a failed test has left. */
  let over: AbortController;
  beforeEach(async () => {
    over = new AbortController();
    open = await openStore();
  });
  afterEach(async () => {
    over.abort();
    await open.close();
  });

  const never = () => AbortSignal.any([over.signal]);

  async function begin(): Promise<GrowingLog> {
    const lease = await claimJob(open.store, await open.create(pipelineOf({ a: [] })), 0);
    const written: Buffer[] = [];
    let length = 0;
    return {
      lease,
      key: keys.log(lease.run, lease.index, lease.attempt),
      get length() {
        return length;
      },
      get bytes() {
        return Buffer.concat(written);
      },
      append: async (bytes, end = false) => {
        const reply = await open.store.transitions.appendLog(lease, { length, bytes, position: String(length), end });
        expect(reply).to.eql({ kind: 'ok', length: length + bytes.length });
        written.push(bytes);
        length += bytes.length;
      },
    };
  }

  const pagesOf = ({ lease }: GrowingLog, signal = never(), { store = open.store, offset = 0 } = {}) =>
    store.logs.follow(lease.run, lease.index, lease.attempt, { offset, patient: true }, signal);

  function follow(log: GrowingLog, signal = never(), options: { store?: Store; offset?: number } = {}): Follower {
    const read: Buffer[] = [];
    let come = 0;
    const reading = async () => {
      for await (const { bytes } of pagesOf(log, signal, options)) {
        read.push(bytes);
        come += bytes.length;
      }
      return Buffer.concat(read);
    };
    const whole = reading();
    whole.catch(() => undefined); // Whoever awaits it sees its error.
    return {
      whole,
      until: async (length) => {
        const reached = untilFound(
          `${length} bytes of the log`,
          () => come,
          (seen) => seen >= length,
          { everyMs: 0 },
        );
        await Promise.race([reached, whole.then(() => expect(come).to.be.at.least(length))]);
      },
    };
  }

  const listeners = async ({ key }: GrowingLog) =>
    Number(((await open.client.call('PUBSUB', 'NUMSUB', key)) as unknown[])[1]);
  const untilNobodyListens = (log: GrowingLog) =>
    untilFound(
      'nobody to listen to the log',
      () => listeners(log),
      (count) => count === 0,
    );
  const line = (at: number) => Buffer.from(`line ${String(at)} of what a job says\n`);
  const block = (at: number) => Buffer.alloc(100_000, `block ${String(at)} of what a job says very fast\n`);

  it('reads as often for 50 followers as for one', async () => {
    const readsFor = async (count: number) => {
      const log = await begin();
      await log.append(line(0));
      const followers = Array.from({ length: count }, () => follow(log));
      await Promise.all(followers.map((follower) => follower.until(log.length)));
      const before = await countCommands(open.client, 'getrange');
      for (let at = 1; at <= 30; at += 1) {
        await log.append(line(at));
        await Promise.all(followers.map((follower) => follower.until(log.length)));
      }
      await log.append(Buffer.alloc(0), true);
      for (const { whole } of followers) expect((await whole).equals(log.bytes)).to.be.true;
      return (await countCommands(open.client, 'getrange')) - before;
    };
    const one = await readsFor(1);
    expect(one).to.be.above(0);
    expect(await readsFor(50)).to.equal(one);
  });

  it('reads as often for followers that began at other offsets, once they have reached the end', async () => {
    const log = await begin();
    for (let at = 0; at < 12; at += 1) await log.append(block(at));
    const starts = [0, 1, 99_999, 100_000, log.length - 1, log.length];
    const followers = starts.map((offset) => ({ offset, ...follow(log, never(), { offset }) }));
    const untilAll = () => Promise.all(followers.map((follower) => follower.until(log.length - follower.offset)));
    await untilAll();
    await log.append(line(0));
    await untilAll();
    const before = await countCommands(open.client, 'getrange');
    for (let at = 1; at <= 20; at += 1) {
      await log.append(line(at));
      await untilAll();
    }
    // Three reads per line: the place in the frames, the frames, and the bytes.
    expect((await countCommands(open.client, 'getrange')) - before).to.be.at.most(3 * 20);
    await log.append(Buffer.alloc(0), true);
    for (const { offset, whole } of followers) expect((await whole).equals(log.bytes.subarray(offset))).to.be.true;
  });

  it('sends every byte to followers that are far behind, from any offset', async () => {
    const log = await begin();
    await log.append(block(0));
    const slow = pagesOf(log);
    const read: LogPage[] = [];
    const readPage = async () => {
      const next = await slow.next();
      if (!next.done) read.push(next.value);
      return !next.done;
    };
    await readPage();
    const live = follow(log);
    await live.until(log.length);
    // More than is kept for followers that are a little behind.
    for (let at = 1; at <= 40; at += 1) {
      await log.append(block(at));
      await live.until(log.length);
    }
    const { length } = log;
    const late = [0, 1, 250_000, length - 1_500_000, length - 700_001, length - 100_000, length - 1, length].map(
      (offset) => ({ offset, ...follow(log, never(), { offset }) }),
    );
    await readPage();
    for (let at = 41; at <= 60; at += 1) await log.append(block(at));
    await log.append(line(0), true);
    while (await readPage());
    expect(Buffer.concat(read.map(({ bytes }) => bytes)).equals(log.bytes), 'slow').to.be.true;
    expect((await live.whole).equals(log.bytes), 'live').to.be.true;
    for (const { offset, whole } of late)
      expect((await whole).equals(log.bytes.subarray(offset)), `from ${String(offset)}`).to.be.true;
  });

  it('stops asking Redis when the last follower leaves, and not before', async () => {
    const log = await begin();
    await log.append(line(0));
    const stops = [new AbortController(), new AbortController(), new AbortController()];
    const followers = stops.map(({ signal }) => follow(log, signal));
    await Promise.all(followers.map((follower) => follower.until(log.length)));
    for (const [at, stop] of stops.entries()) {
      stop.abort();
      await followers[at]?.whole;
      await log.append(line(at + 1));
      await Promise.all(followers.slice(at + 1).map((follower) => follower.until(log.length)));
    }
    await untilNobodyListens(log);
    const commands = ['getrange', 'hget', 'subscribe'];
    for (let at = 0; at < 20; at += 1) await log.append(line(at));
    const before = await countCommands(open.client, ...commands);
    await open.client.publish(log.key, '');
    for (let at = 0; at < 20; at += 1) await open.store.ping();
    expect(await countCommands(open.client, ...commands)).to.equal(before);
  });

  it('starts a new read for followers that come after a read has failed', async () => {
    const log = await begin();
    await log.append(line(0));
    const slow = pagesOf(log);
    await slow.next(); // This follower stays while the others come.
    const failing = follow(log);
    await failing.until(log.length);
    const part = `${log.key}:0`;
    const stored = (await open.client.getBuffer(part))!;
    await open.client.set(part, '');
    await open.client.hincrby(log.key, 'length', 1);
    await open.client.publish(log.key, '');
    expect(await failing.whole.catch((error: unknown) => error)).to.have.property('name', 'LogRemoved');
    await open.client.set(part, stored);
    await open.client.hincrby(log.key, 'length', -1);
    const later = [follow(log), follow(log, never(), { offset: 5 })];
    await Promise.all(later.map((follower, at) => follower.until(log.length - at * 5)));
    await slow.return(undefined);
    await log.append(line(1), true);
    expect((await later[0]!.whole).equals(log.bytes)).to.be.true;
    expect((await later[1]!.whole).equals(log.bytes.subarray(5))).to.be.true;
    expect(await listeners(log)).to.equal(0);
  });

  describe('while Redis stalls', () => {
    let proxy: RedisProxy;
    let store: Store;
    let heard: ReturnType<typeof hearLog>;
    beforeEach(async () => {
      heard = hearLog();
      proxy = await startRedisProxy(open.redis.url, path.join(open.redis.folder, 'proxy.sock'));
      store = new Store({ url: proxy.url, logger: heard.logger, commandTimeoutMs: 200 });
      await store.start();
    });
    afterEach(async () => {
      await store.stop();
      await proxy.close();
    });

    /** Waits until the store has asked for the log, given up, and asked again. */
    async function untilAskedAgain(): Promise<void> {
      const before = await countCommands(open.client, 'hmget');
      const look = () => countCommands(open.client, 'hmget');
      await untilFound('two more questions for the log', look, (count) => count >= before + 2);
    }
    const replies = { name: 'chainr-main', lost: 'replies', isLasting: true } as const;

    it('for longer than a command may take, loses no byte', async () => {
      const log = await begin();
      await log.append(line(0));
      const followers = Array.from({ length: 5 }, () => follow(log, never(), { store }));
      await Promise.all(followers.map((follower) => follower.until(log.length)));
      for (let stall = 1; stall <= 2; stall += 1) {
        const silence = proxy.silence(replies);
        await log.append(line(stall));
        await untilAskedAgain();
        silence.end();
        await Promise.all(followers.map((follower) => follower.until(log.length)));
      }
      await log.append(line(3), true);
      for (const { whole } of followers) expect((await whole).equals(log.bytes)).to.be.true;
    });

    it('until its connection is given up, and the next one is silent too, loses no byte', async () => {
      const log = await begin();
      await log.append(line(0));
      const follower = follow(log, never(), { store });
      await follower.until(log.length);
      const silence = proxy.silence({ isLasting: true });
      const { count } = silence;
      await log.append(line(1));
      await untilFound(
        'another silent connection',
        () => silence.count,
        (now) => now > count + 1,
      );
      silence.end();
      await follower.until(log.length);
      await log.append(line(2), true);
      expect((await follower.whole).equals(log.bytes)).to.be.true;
    });

    it('or is away, loses no byte', async () => {
      const log = await begin();
      await log.append(line(0));
      const follower = follow(log, never(), { store });
      await follower.until(log.length);
      proxy.cut();
      await heard.until('redis.away');
      for (let at = 1; at <= 3; at += 1) await log.append(line(at));
      proxy.mend();
      await follower.until(log.length);
      await log.append(line(4), true);
      expect((await follower.whole).equals(log.bytes)).to.be.true;
    });

    it('begins when Redis answers, and reads an old log to its end', async () => {
      const log = await begin();
      for (let at = 0; at < 10; at += 1) await log.append(block(at));
      const pages = pagesOf(log, never(), { store });
      const read: Buffer[] = [];
      const readPage = async () => {
        const next = await pages.next();
        if (!next.done) read.push(next.value.bytes);
        return !next.done;
      };
      for (let stall = 0; stall < 2; stall += 1) {
        const silence = proxy.silence(replies);
        const reading = readPage();
        await untilAskedAgain();
        silence.end();
        expect(await reading).to.be.true;
      }
      await log.append(line(0), true);
      while (await readPage());
      expect(Buffer.concat(read).equals(log.bytes)).to.be.true;
    });

    it('ends at once when it is told to, and asks no more', async () => {
      const log = await begin();
      await log.append(line(0));
      const stop = new AbortController();
      const follower = follow(log, stop.signal, { store });
      await follower.until(log.length);
      const silence = proxy.silence(replies);
      await log.append(line(1));
      await untilAskedAgain();
      stop.abort();
      expect((await follower.whole).equals(line(0))).to.be.true;
      await untilNobodyListens(log);
      silence.end();
      expect(await store.ping()).to.be.true;
      const before = await countCommands(open.client, 'hmget', 'hget', 'getrange');
      for (let at = 0; at < 20; at += 1) await open.store.ping();
      expect(await countCommands(open.client, 'hmget', 'hget', 'getrange')).to.equal(before);
    });
  });
});

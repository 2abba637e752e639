import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { silentLogger } from '@chainr/testkit/open-store';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { untilFound } from '@chainr/testkit/until-found';
import { BundleQueue, messageId } from '../../src/queue/bundle-queue.js';
import { BundleReader } from '../../src/queue/bundle-reader.js';
import { hearLog } from '../store/logs/hear-log.js';
import { queuePrefix } from '../../src/store/redis/keys.js';

const pool = 'fake';

/** Collects what readers take. Tests can wait for it. */
class Taken {
  readonly ids: string[] = [];

  readonly take = async (ids: readonly string[]): Promise<void> => {
    this.ids.push(...ids);
  };

  async until(count: number): Promise<void> {
    const look = () => this.ids;
    await untilFound(`${count} ids that readers take`, look, ({ length }) => length >= count, { everyMs: 0 });
  }
}

describe('the queue of bundles', function () {
  this.timeout(120_000);
  let redis: TestRedis;
  let client: Redis;
  let queue: BundleQueue;
  const readers: BundleReader[] = [];
  beforeEach(async () => {
    redis = await startRedis();
    client = await openRedisClient(redis.url);
    queue = new BundleQueue(redis.url, silentLogger);
    await queue.start();
  });
  afterEach(async () => {
    await Promise.all(readers.splice(0).map((reader) => reader.stop()));
    await queue.stop();
    client.disconnect();
    await redis.stop();
  });

  async function read(
    take: (ids: readonly string[]) => Promise<void>,
    room: (signal: AbortSignal) => Promise<void> = () => Promise.resolve(),
  ) {
    const reader = new BundleReader({ url: redis.url, pool: 'fake', logger: silentLogger, room, take });
    readers.push(reader);
    await reader.start();
    return reader;
  }
  const deliver = (...messages: number[]) =>
    queue.deliver(
      messages.map((message) => ({
        pool,
        message,
        priority: 0,
        cameBack: false,
        ids: [`uid.${message}.1`, `uid.${message}.2`],
      })),
    );
  const queueKey = (name: string) => `${queuePrefix}:fake:${name}`;
  const idsOf = (...messages: number[]) => messages.flatMap((message) => [`uid.${message}.1`, `uid.${message}.2`]);
  /** Resolves when this many messages wait in BullMQ. */
  async function untilWaiting(count: number): Promise<void> {
    const look = () => client.zcard(queueKey('prioritized'));
    await untilFound(`${count} messages that wait`, look, (waiting) => waiting === count);
  }
  async function untilEmpty(): Promise<void> {
    const look = () => client.exists(queueKey('active'), queueKey('prioritized'), queueKey('wait'));
    await untilFound('an empty queue', look, (lists) => lists === 0);
  }

  it('puts returned messages before all of their priority, and behind higher ones', async () => {
    const one = (message: number, priority: number, cameBack: boolean) => ({ pool, message, priority, cameBack, ids: [`${message}`] }); // prettier-ignore
    const sent = [one(1, 0, false), one(2, 0, false), one(3, 0, true), one(4, 1, false), one(5, -100, true), one(6, 100, true), one(7, 0, true)]; // prettier-ignore
    for (const [at, message] of sent.entries()) {
      queue.deliver([message]);
      await untilWaiting(at + 1);
    }
    const taken = new Taken();
    await read(taken.take);
    await taken.until(sent.length);
    expect(taken.ids).to.eql(['6', '4', '3', '7', '1', '2', '5']);
  });

  it('delivers each message once, to one of several readers, in order', async () => {
    const taken = new Taken();
    const numbers = Array.from({ length: 200 }, (_, at) => at + 1);
    deliver(...numbers);
    await untilWaiting(200);
    await Promise.all([read(taken.take), read(taken.take)]);
    await taken.until(400);
    await untilEmpty();
    expect(taken.ids).to.have.length(400);
    expect([...taken.ids].sort()).to.eql(idsOf(...numbers).sort());
  });

  it('wakes a waiting reader', async () => {
    const taken = new Taken();
    await read(taken.take);
    deliver(1);
    await taken.until(2);
    deliver(2);
    await taken.until(4);
    expect(taken.ids).to.eql(idsOf(1, 2));
  });

  it('keeps the order in which messages were handed out', async () => {
    const taken = new Taken();
    deliver(1, 2, 3, 4, 5);
    await untilWaiting(5);
    await read(taken.take);
    await taken.until(10);
    expect(taken.ids).to.eql(idsOf(1, 2, 3, 4, 5));
  });

  it('keeps the queues of pools apart', async () => {
    const taken = new Taken();
    queue.deliver([{ pool: 'docker', message: 7, priority: 0, cameBack: false, ids: ['uid.7.1'] }]);
    deliver(8);
    await read(taken.take);
    await taken.until(2);
    expect(taken.ids).to.eql(idsOf(8));
    expect(await client.zcard(`${queuePrefix}:docker:prioritized`)).to.equal(1);
  });

  it('says which message could not be enqueued, and delivers the others', async () => {
    const heard = hearLog();
    const own = new BundleQueue(redis.url, heard.logger);
    await own.start();
    try {
      own.deliver([
        { pool: 'none:at-all', message: 7, priority: 0, cameBack: false, ids: ['uid.7.1'] },
        { pool, message: 8, priority: 0, cameBack: false, ids: ['uid.8.1'] },
      ]);
      await heard.until('queue.add-failed');
      await untilWaiting(1);
      expect(await client.exists(queueKey(messageId(7)))).to.equal(0);
      expect(await client.exists(queueKey(messageId(8)))).to.equal(1);
    } finally {
      await own.stop();
    }
  });

  it('ignores a message whose number still exists', async () => {
    const taken = new Taken();
    deliver(1, 1);
    await untilWaiting(1);
    expect(await client.exists(queueKey(messageId(1)))).to.equal(1);
    await read(taken.take);
    deliver(2);
    await taken.until(4);
    expect(taken.ids).to.eql(idsOf(1, 2));
  });

  it('leaves nothing of a finished message behind', async () => {
    const taken = new Taken();
    deliver(1, 2, 3);
    await read(taken.take);
    await taken.until(6);
    await untilEmpty();
    const left = await client.keys(`${queuePrefix}*`);
    expect(left.filter((key) => !/:(meta|id|events|marker|pc|stalled-check)$/.test(key))).to.eql([]);
  });

  describe('with a full worker', () => {
    it('leaves messages in the queue until there is room', async () => {
      const taken = new Taken();
      let makeRoom: () => void = () => undefined;
      const full = new Promise<void>((resolve) => (makeRoom = resolve));
      let asked: () => void = () => undefined;
      const asking = new Promise<void>((resolve) => (asked = resolve));
      await read(taken.take, () => {
        asked();
        return full;
      });
      deliver(1, 2);
      await asking;
      await untilWaiting(2);
      expect(await client.llen(queueKey('active'))).to.equal(0);
      expect(taken.ids).to.eql([]);
      makeRoom();
      await taken.until(4);
    });

    it('stops although there is never room', async () => {
      const reader = await read(
        () => Promise.resolve(),
        (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
      );
      await reader.stop();
    });
  });

  it('can be stopped before Redis is available', async () => {
    const reader = new BundleReader({
      url: `${redis.url}-none`,
      pool: 'fake',
      logger: silentLogger,
      room: () => Promise.resolve(),
      take: () => Promise.resolve(),
    });
    const starting = reader.start().catch(() => undefined);
    await reader.stop();
    await starting;
  });

  describe('when a reader is stopped', () => {
    it('stops waiting for a message', async () => {
      const taken = new Taken();
      const reader = await read(taken.take);
      deliver(1);
      await taken.until(2);
      await untilEmpty();
      await reader.stop();
      deliver(2);
      await untilWaiting(1);
      expect(taken.ids).to.eql(idsOf(1));
    });

    it('finishes the message that it is taking', async () => {
      let finish: () => void = () => undefined;
      const taking = new Promise<void>((resolve) => {
        void read(() => {
          resolve();
          return new Promise((done) => (finish = done));
        });
      });
      deliver(1);
      await taking;
      const stopping = readers[0]!.stop();
      finish();
      await stopping;
      await untilEmpty();
    });

    it('can be stopped twice', async () => {
      const reader = await read(() => Promise.resolve());
      await Promise.all([reader.stop(), reader.stop()]);
      await reader.stop();
    });
  });

  it('continues after its connections were killed', async () => {
    const taken = new Taken();
    await read(taken.take);
    deliver(1);
    await taken.until(2);
    await untilEmpty();
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    deliver(2);
    await taken.until(4);
    expect(new Set(taken.ids)).to.eql(new Set(idsOf(1, 2)));
  });
});

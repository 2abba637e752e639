import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { startRedisProxy, type Lost, type RedisProxy } from '@chainr/testkit/redis-proxy';
import { untilFound } from '@chainr/testkit/until-found';
import { untilEvent } from '@chainr/testkit/waits';
import { BundleQueue } from '../src/queue/bundle-queue.js';
import { BundleReader } from '../src/queue/bundle-reader.js';
import { connect, untilReady } from '../src/store/redis/connection.js';
import { StoreUnavailable } from '../src/store/redis/errors.js';
import { beginning } from '../src/store/events/event-stream.js';
import { keys } from '../src/store/redis/keys.js';
import { Store } from '../src/store/store.js';

/** Repeats what fails while Redis is away. */
async function insist<T>(act: () => Promise<T>): Promise<T> {
  const attempt = () =>
    act().catch((error: unknown) => {
      if (error instanceof StoreUnavailable) return error;
      throw error;
    });
  return (await untilFound('a reply', attempt, (seen) => !(seen instanceof StoreUnavailable))) as T;
}

interface Place {
  open: OpenStore;
  proxy: RedisProxy;
  /** Reaches Redis by the proxy. */
  store: Store;
  lost: Lost;
}

const shapes: readonly Lost[] = ['all', 'requests', 'replies'];
const pipeline = pipelineOf({ a: [] });
const bundle = (message: number, id: string) => [{ pool: 'fake', message, priority: 0, cameBack: false, ids: [id] }];

describe('a connection whose peer disappeared silently', function () {
  this.timeout(120_000);

  async function at(lost: Lost, use: (place: Place) => Promise<void>): Promise<void> {
    const open = await openStore();
    const proxy = await startRedisProxy(open.redis.url, path.join(open.redis.folder, 'proxy.sock'));
    const store = new Store({ url: proxy.url, logger: silentLogger, deliver: open.inbox.deliver, patienceMs: Infinity }); // prettier-ignore
    try {
      await store.start();
      await use({ open, proxy, store, lost });
    } finally {
      await store.stop();
      await proxy.close();
      await open.close();
    }
  }

  const inAllShapes = (use: (place: Place) => Promise<void>) => () => Promise.all(shapes.map((lost) => at(lost, use)));

  it(
    'is made anew for transitions, which are carried out once',
    inAllShapes(async ({ open, proxy, store, lost }) => {
      const run = await open.create(pipeline);
      const silence = proxy.silence({ name: 'chainr-main', lost });
      const claimed = await store.transitions.claim({ run, index: 0, attempt: 1 }, { owner: 'owner', executor: 1, ttlMs: 60_000 }); // prettier-ignore
      if (typeof claimed === 'string') expect.fail(claimed);
      expect(silence.count).to.equal(1);
      await store.transitions.finish(claimed.lease, completed, {});
      const { events } = await open.store.events.readEvents(undefined, 100);
      const kinds = events.map((event) => ('status' in event ? `${event.kind} ${event.status}` : event.kind)).sort();
      expect(kinds).to.eql([
        'job.status RUNNING',
        'job.status SUCCESSFUL',
        'run.created',
        'run.status RUNNING',
        'run.status SUCCESSFUL',
      ]);
    }),
  );

  it(
    'is made anew for reads',
    inAllShapes(async ({ open, proxy, store, lost }) => {
      const run = await open.create(pipeline);
      proxy.silence({ name: 'chainr-main', lost });
      expect(await insist(() => store.runs.getRun(run))).to.include({ uid: run });
    }),
  );

  it(
    'is made anew for renewals',
    inAllShapes(async ({ proxy, store, lost }) => {
      const silence = proxy.silence({ name: 'chainr-renewals', lost });
      expect(await insist(() => store.leases.renew(1, [], 60_000))).to.eql({ lost: [], stops: [] });
      expect(silence.count).to.equal(1);
    }),
  );

  it(
    'is made anew for who listens, and for who begins to',
    inAllShapes(async ({ open, proxy, store, lost }) => {
      const over = new AbortController();
      const word = await store.leases.listenToStops(1);
      proxy.silence({ name: 'chainr-subscriptions', lost });
      const second = await store.leases.listenToStops(2);
      const heard: true[] = [];
      void word.next(600_000, over.signal).then(() => heard.push(true));
      await untilFound('word of a stop', async () => {
        if (heard.length === 0) await open.client.publish(keys.stops(1), '');
        return heard.length > 0;
      });
      await Promise.all([word.close(), second.close()]);
    }),
  );

  it('tells subscribers to check again, since messages were lost meanwhile', () =>
    at('all', async ({ proxy, store }) => {
      const word = await store.leases.listenToStops(1);
      proxy.silence({ name: 'chainr-subscriptions' });
      await word.next(600_000, new AbortController().signal);
      await word.close();
    }));

  it(
    'is made anew for who follows the events, and no event is missed or doubled',
    inAllShapes(async ({ open, proxy, store, lost }) => {
      const stop = new AbortController();
      const followed: string[] = [];
      const onEvents = (events: { run: string }[]) => void followed.push(...events.map(({ run }) => run));
      const first = await open.create(pipeline);
      const following = store.events.tail(beginning, { onEvents }, stop.signal);
      await untilFound('the first event', () => followed.length);
      const silence = proxy.silence({ name: 'chainr-events', lost });
      expect(silence.count).to.equal(1);
      const others: string[] = [];
      for (let n = 0; n < 3; n += 1) others.push(await open.create(pipeline));
      await untilFound(
        'four events',
        () => followed,
        ({ length }) => length >= 4,
      );
      expect(followed).to.eql([first, ...others]);
      stop.abort();
      await following;
    }),
  );

  it(
    'is made anew for the reader of a queue',
    inAllShapes(async ({ open, proxy, lost }) => {
      const taken: string[] = [];
      const reader = new BundleReader({
        url: proxy.url,
        pool: 'fake',
        logger: silentLogger,
        room: () => Promise.resolve(),
        take: (ids) => Promise.resolve(void taken.push(...ids)),
      });
      const writer = new BundleQueue(open.redis.url, silentLogger);
      await Promise.all([reader.start(), writer.start()]);
      writer.deliver(bundle(1, 'before'));
      await untilFound('the first message', () => taken.length);
      // Its two, of which BullMQ names one, and two of the store.
      expect(proxy.silence({ lost }).count).to.equal(4);
      // One message may be handed to a reader that does not get it; its ready marks deliver it again.
      let message = 2;
      await untilFound(
        'a message after the silence',
        () => {
          if (taken.length < 2) writer.deliver(bundle(message++, 'after'));
          return taken;
        },
        ({ length }) => length >= 2,
        { everyMs: 100 },
      );
      await Promise.all([reader.stop(), writer.stop()]);
    }),
  );

  it(
    'is made anew for the writer of a queue',
    inAllShapes(async ({ proxy, lost }) => {
      const writer = new BundleQueue(proxy.url, silentLogger);
      await writer.start();
      writer.deliver(bundle(1, 'before'));
      const missing = async (message: number) => (await writer.listMissing('fake', new Set([message])).catch(() => new Set([message]))).size; // prettier-ignore
      await untilFound(
        'the first message in the queue',
        () => missing(1),
        (count) => count === 0,
      );
      expect(proxy.silence({ name: 'chainr-queue', lost }).count).to.equal(1);
      writer.deliver(bundle(2, 'after'));
      await untilFound(
        'the second message in the queue',
        () => missing(2),
        (count) => count === 0,
      );
      await writer.stop();
    }),
  );

  it('is replaced although no request uses it', () =>
    at('all', async ({ open, proxy, store }) => {
      const connections = async () => {
        const list = String(await open.client.call('CLIENT', 'LIST')).split('\n');
        return list.filter((line) => /name=chainr-(main|renewals) /.test(line)).length;
      };
      const before = await connections();
      const silence = proxy.silence();
      expect(silence.count).to.equal(2);
      // Of the end of the old ones Redis does not hear.
      await untilFound('new connections', connections, (count) => count >= before + silence.count);
      expect(await insist(() => store.now())).to.be.above(0);
    }));

  it('is replaced if its peer falls silent before the first reply', () =>
    at('all', async ({ proxy }) => {
      const silence = proxy.silence({ isLasting: true });
      const connection = connect({ url: proxy.url, name: 'test', logger: silentLogger });
      const ready = untilReady(connection);
      const before = silence.count;
      await untilFound(
        'two more connections',
        () => silence.count,
        (count) => count >= before + 2,
      );
      silence.end();
      await ready;
      connection.disconnect();
    }));

  it('may deliver an abandoned call late: it is refused', () =>
    at('requests', async ({ open, proxy, store }) => {
      const run = await open.create(pipeline);
      const silence = proxy.silence({ name: 'chainr-main', lost: 'requests' });
      const claimed = await store.transitions.claim({ run, index: 0, attempt: 1 }, { owner: 'owner', executor: 1, ttlMs: 60_000 }); // prettier-ignore
      if (typeof claimed === 'string') expect.fail(claimed);
      // All lanes go on, so that the next numbers are higher.
      for (let n = 0; n < 8; n += 1) await store.transitions.report(claimed.lease, 'Executing', String(n), {}, {});
      silence.end();
      const look = () => open.client.info('errorstats');
      await untilFound('the late call to be refused', look, (stats) => stats.includes('errorstat_LATE:count='));
      const last = await untilEvent(open.store.events, (event) => event.kind === 'job.reason' && event.message === '7');
      expect(last.cursor).to.equal(await open.store.events.lastCursor());
    }));

  it('is kept as long as its peer lives, however busy the process is', () =>
    at('all', async ({ open }) => {
      const connection = connect({ url: open.redis.url, name: 'test', logger: silentLogger });
      await untilReady(connection);
      const first = await connection.client('ID');
      for (let n = 0; n < 4; n += 1) {
        const until = performance.now() + 1_500;
        while (performance.now() < until); // Busy is what is tried here.
        await turn();
      }
      expect(await connection.client('ID')).to.equal(first);
      connection.disconnect();
    }));
});

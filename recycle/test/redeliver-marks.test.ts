import { expect } from 'chai';

import { BundleQueue, messageId } from '@chainr/core/queue/bundle-queue';
import { BundleReader } from '@chainr/core/queue/bundle-reader';
import type { Pipeline } from '@chainr/core/pipeline/pipeline';
import type { RunUid } from '@chainr/core/engine/records';
import type { Sweep } from '@chainr/core/service/sweep';
import { keys, parseAttemptId, queuePrefix } from '@chainr/core/store/redis/keys';
import { Store } from '@chainr/core/store/store';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { silentLogger } from '@chainr/testkit/open-store';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { untilFound } from '@chainr/testkit/until-found';
import { redeliverMarks } from '../src/sweeps/redeliver-marks.js';

const never = new AbortController().signal;
const single = pipelineOf({ only: [] });
const queueKey = (name: string) => `${queuePrefix}:fake:${name}`;

describe('a ready mark', () => {
  let redis: TestRedis;
  let client: Awaited<ReturnType<typeof openRedisClient>>;
  let queue: BundleQueue;
  let store: Store;
  let sweep: Sweep;
  /** While this is set, messages never reach the queue. */
  let losing = false;
  const readers: BundleReader[] = [];

  beforeEach(async () => {
    redis = await startRedis();
    client = await openRedisClient(redis.url);
    queue = new BundleQueue(redis.url, silentLogger);
    store = new Store({
      url: redis.url,
      logger: silentLogger,
      deliver: (bundles) => {
        if (!losing) queue.deliver(bundles);
      },
    });
    await Promise.all([queue.start(), store.start()]);
    losing = false;
    sweep = redeliverMarks({ store, queue, config: { hostLostAfterMs: 0 } });
  });

  afterEach(async () => {
    await Promise.all(readers.splice(0).map((reader) => reader.stop()));
    await queue.stop();
    await store.stop();
    client.disconnect();
    await redis.stop();
  });

  async function create(pipeline: Pipeline): Promise<RunUid> {
    const source = { contentType: 'application/json', text: '{}' };
    const made = await store.runs.createRun({ pipeline, source, defaultPool: 'fake' });
    if (made.kind === 'conflict') throw new Error('the run was not created');
    return made.uid;
  }
  async function createAndLose(pipeline: Pipeline): Promise<RunUid> {
    losing = true;
    const run = await create(pipeline);
    losing = false;
    return run;
  }
  const marks = () => client.zrange(keys.marks('fake'), 0, '-1');
  const waiting = () => client.zrange(queueKey('prioritized'), 0, '-1');
  async function untilWaiting(count: number): Promise<string[]> {
    return untilFound(`${count} messages that wait`, waiting, ({ length }) => length === count);
  }
  const later = (ms = 31_000) => setClock(redis.url, ms);

  /** Reads messages and claims their ids. @returns the ids whose claims were accepted */
  async function claimAll(until: number, readUntil = until): Promise<string[]> {
    const claimed: string[] = [];
    let read = 0;
    let done: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (done = resolve));
    const executor = await store.executors.register('fake:test', 'fake');
    const reader = new BundleReader({
      url: redis.url,
      pool: 'fake',
      logger: silentLogger,
      room: () => Promise.resolve(),
      take: async (ids) => {
        for (const id of ids) {
          const reply = await store.transitions.claim(parseAttemptId(id), { owner: 'w', executor, ttlMs: 60_000 });
          if (typeof reply === 'object') claimed.push(id);
          read += 1;
        }
        if (claimed.length >= until && read >= readUntil) done();
      },
    });
    readers.push(reader);
    await reader.start();
    await all;
    await reader.stop();
    return claimed;
  }

  /** Fetches a message as a worker that is killed right after: nobody finishes it. */
  async function fetchAndDie(): Promise<void> {
    let taken: () => void = () => undefined;
    const taking = new Promise<void>((resolve) => (taken = resolve));
    const reader = new BundleReader({
      url: redis.url,
      pool: 'fake',
      logger: silentLogger,
      room: () => Promise.resolve(),
      take: () => {
        taken();
        return Promise.reject(new Error('killed'));
      },
    });
    readers.push(reader);
    await reader.start();
    await taking;
    await reader.stop();
  }

  it('is delivered again in a new message when its message is lost, and claimed once', async () => {
    const run = await createAndLose(single);
    expect(await sweep.sweep(never)).to.include({ changed: 0 });
    await later();
    const { changed, lagMs } = await sweep.sweep(never);
    expect(changed).to.equal(1);
    expect(lagMs).to.be.within(31_000, 40_000);
    expect(await untilWaiting(1)).to.deep.equal([messageId(2)]);
    expect(await sweep.sweep(never)).to.deep.equal({ changed: 0, lagMs: 0 });
    expect(await claimAll(1)).to.deep.equal([`${run}.0.1`]);
    expect(await marks()).to.deep.equal([]);
  });

  it('is left alone while its message waits', async () => {
    const run = await create(single);
    await untilWaiting(1);
    await later();
    expect(await sweep.sweep(never)).to.deep.equal({ changed: 0, lagMs: 0 });
    expect(await waiting()).to.deep.equal([messageId(1)]);
    expect(await claimAll(1)).to.deep.equal([`${run}.0.1`]);
  });

  it('is left alone while a live reader has its message', async () => {
    const run = await create(single);
    await fetchAndDie();
    await later();
    expect(await sweep.sweep(never)).to.deep.equal({ changed: 0, lagMs: 0 });
    expect(await waiting()).to.deep.equal([]);
    expect(await client.lrange(queueKey('active'), 0, -1)).to.deep.equal([messageId(1)]);
    expect(await marks()).to.deep.equal([`${run}.0.1`]);
    expect(await claimJob(store, run, 0)).to.include({ epoch: 1 });
  });

  it('is delivered again when the reader of its message is dead, and the message is removed', async () => {
    const run = await create(single);
    await fetchAndDie();
    await client.del(queueKey(`${messageId(1)}:lock`)); // What happens after 30 seconds.
    await later();
    const { changed } = await sweep.sweep(never);
    expect(changed).to.equal(2);
    expect(await untilWaiting(1)).to.deep.equal([messageId(2)]);
    expect(await client.exists(queueKey('active'), queueKey(messageId(1)))).to.equal(0);
    expect(await claimAll(1)).to.deep.equal([`${run}.0.1`]);
  });

  it('is claimed once although its message was only late', async () => {
    const run = await createAndLose(single);
    await later();
    await sweep.sweep(never);
    await untilWaiting(1);
    queue.deliver([{ pool: 'fake', message: 1, priority: 0, cameBack: false, ids: [`${run}.0.1`] }]);
    await untilWaiting(2);
    expect(await claimAll(1, 2)).to.deep.equal([`${run}.0.1`]);
  });

  it('leaves no message if its reader was killed between the claim and the end of the message', async () => {
    const run = await create(single);
    await fetchAndDie();
    await claimJob(store, run, 0);
    await client.del(queueKey(`${messageId(1)}:lock`));
    expect(await sweep.sweep(never)).to.deep.equal({ changed: 1, lagMs: 0 });
    expect(await client.exists(queueKey('active'), queueKey(messageId(1)))).to.equal(0);
    expect(await waiting()).to.deep.equal([]);
  });

  it('is removed if no job waits for it', async () => {
    const run = await createAndLose(single);
    await client.del(keys.run(run));
    await later();
    expect(await sweep.sweep(never)).to.include({ changed: 1 });
    expect(await marks()).to.deep.equal([]);
    expect(await waiting()).to.deep.equal([]);
  });

  it('is not hidden by thousands of others whose messages wait', async () => {
    const wide = pipelineOf(Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`job-${String(at)}`, []])));
    for (let runs = 0; runs < 21; runs += 1) await create(wide);
    const others = await client.zcard(keys.marks('fake'));
    expect(others).to.be.greaterThan(5_000); // One pass examines as many.
    await later(1_000);
    const run = await createAndLose(single);
    await later(33_000);
    expect(await sweep.sweep(never)).to.include({ changed: 0 });
    expect(await sweep.sweep(never)).to.include({ changed: 1 });
    const row = await store.readyMarks.listWithMessages('fake', { before: Infinity, skip: others, limit: 10 });
    expect(row.map(({ id }) => id)).to.deep.equal([`${run}.0.1`]);
  });
});

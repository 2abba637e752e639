import { expect } from 'chai';
import { BundleQueue } from '@chainr/core/queue/bundle-queue';
import { keys, queuePrefix } from '@chainr/core/store/redis/keys';
import { Store } from '@chainr/core/store/store';
import { pipelineOf } from '@chainr/testkit/builders';
import { driveRun } from '@chainr/testkit/drive-run';
import { Inbox } from '@chainr/testkit/inbox';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { silentLogger } from '@chainr/testkit/open-store';
import { startRedis, type TestRedis } from '@chainr/testkit/redis';
import { untilFound } from '@chainr/testkit/until-found';
import { dropPools } from '../src/sweeps/drop-pools.js';

const never = new AbortController().signal;

describe('a pool that nothing uses any more', () => {
  let redis: TestRedis;
  let client: Awaited<ReturnType<typeof openRedisClient>>;
  let queue: BundleQueue;
  let store: Store;
  const inbox = new Inbox();
  beforeEach(async () => {
    redis = await startRedis();
    client = await openRedisClient(redis.url);
    queue = new BundleQueue(redis.url, silentLogger);
    await queue.start();
    const deliver: Inbox['deliver'] = (bundles) => {
      inbox.deliver(bundles);
      queue.deliver(bundles);
    };
    store = new Store({ url: redis.url, logger: silentLogger, deliver });
    await store.start();
  });
  afterEach(async () => {
    await store.stop();
    await queue.stop();
    client.disconnect();
    await redis.stop();
  });

  const create = async (pool: string): Promise<string> => {
    const source = { contentType: 'application/json', text: '{}' };
    const pipeline = pipelineOf({ a: { pool }, b: { pool, dependsOn: ['a'] } });
    const made = await store.runs.createRun({ pipeline, source, defaultPool: 'fake' });
    if (made.kind !== 'created') throw new Error('the run was not created');
    return made.uid;
  };
  const sweep = async () => (await dropPools({ store, queue, config: { hostLostAfterMs: 0 } }).sweep(never)).changed;
  const queueKeys = (pool: string) => client.keys(`${queuePrefix}:${pool}:*`);
  /** Waits until the message is in the queue, since it is added in the background. */
  const untilQueued = (pool: string) =>
    untilFound('a message in the queue', () => client.zcard(`${queuePrefix}:${pool}:prioritized`));

  it('goes with its queue, whatever messages of ended runs are left there', async () => {
    const run = await create('one-off');
    await untilQueued('one-off');
    expect(await sweep(), 'a run is there').to.equal(0);
    await driveRun({ store, inbox }, run);
    expect(await sweep()).to.equal(1);
    expect(await queueKeys('one-off')).to.deep.equal([]);
    expect(await store.pools.list()).to.deep.equal([]);
    expect(await sweep()).to.equal(0);
  });

  it('stays while it has a worker, or other runs', async () => {
    const runs = await Promise.all(['served', 'busy', 'busy'].map(create));
    await store.workers.show({ id: 'w', host: 'h', pool: 'served', executor: 'fake', executorId: 'fake:1', capacity: 1, running: 0 }); // prettier-ignore
    for (const run of runs.slice(0, 2)) await driveRun({ store, inbox }, run);
    expect(await sweep()).to.equal(0);
    expect(await store.pools.list()).to.deep.equal(['busy', 'served']);
    expect(await client.exists(keys.liveIn('busy'))).to.equal(1);
  });

  it('comes back with the next run, whose jobs are delivered', async () => {
    await driveRun({ store, inbox }, await create('again'));
    expect(await sweep()).to.equal(1);
    await create('again');
    await untilQueued('again');
    expect(await store.pools.listLive()).to.deep.equal(['again']);
  });
});

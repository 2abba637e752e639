import { expect } from 'chai';
import { keys } from '@chainr/core/store/redis/keys';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { endRun } from '@chainr/testkit/end-run';
import { keepAll } from '@chainr/testkit/keep-all';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { expireRuns } from '../src/sweeps/expire-runs.js';

const never = new AbortController().signal;
const single = pipelineOf({ a: [] });
const day = 86_400_000;

describe('a run after its retention', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const sweep = (runRetentionMs = 30 * day) =>
    expireRuns({ store: open.store, config: { ...keepAll, runRetentionMs } }).sweep(never);
  const exists = async (uid: string) => (await open.store.runs.getRun(uid)) !== undefined;

  it('is deleted after 30 days, to the second', async () => {
    const uid = await open.create(single);
    await endRun(open.store, uid, { log: ['hello'] });
    const { endedAt = 0 } = (await open.store.runs.getRun(uid)) ?? {};
    /** Moves the clock to this long after the end of the run. */
    const after = (ms: number) => setClock(open.redis.url, endedAt + ms - Date.now());
    await after(30 * day - 1_000);
    expect(await sweep()).to.include({ changed: 0 });
    expect(await exists(uid)).to.be.true;
    const sweptFrom = performance.now();
    await after(30 * day);
    const { changed, lagMs } = await sweep();
    expect([changed, await exists(uid)]).to.deep.equal([1, false]);
    expect(lagMs).to.be.within(0, Math.ceil(performance.now() - sweptFrom) + 1);
    expect(await open.client.keys(`*${uid}*`)).to.deep.equal([]);
    expect(await open.client.hget(keys.counters, 'logBytes')).to.equal('0');
  });

  it('is kept while it is unfinished or one of its logs is being stored, without blocking others', async () => {
    const live = await open.create(single);
    const open_ = await claimJob(open.store, await open.create(single), 0);
    await open.store.transitions.finish(open_, completed, {});
    const others = await Promise.all(Array.from({ length: 120 }, () => open.create(single)));
    await Promise.all(others.map((uid) => endRun(open.store, uid)));
    await setClock(open.redis.url, 31 * day);
    expect(await sweep()).to.include({ changed: 120 });
    expect([await exists(live), await exists(open_.run)]).to.deep.equal([true, true]);
    await open.store.transitions.appendLog(open_, { length: 0, bytes: Buffer.alloc(0), position: '', end: true });
    await open.store.transitions.close(open_, 1_000);
    expect(await sweep()).to.include({ changed: 1 });
    expect(await exists(live)).to.be.true;
  });

  it('is kept forever with a retention of 0', async () => {
    const uid = await open.create(single);
    await endRun(open.store, uid);
    await setClock(open.redis.url, 300 * day);
    expect(await sweep(0)).to.deep.equal({ changed: 0 });
    expect(await exists(uid)).to.be.true;
  });
});

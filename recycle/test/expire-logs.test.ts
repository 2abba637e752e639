import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { pipelineOf } from '@chainr/testkit/builders';
import { setClock } from '@chainr/testkit/clock';
import { endRun } from '@chainr/testkit/end-run';
import { keepAll } from '@chainr/testkit/keep-all';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { expireLogs } from '../src/sweeps/expire-logs.js';

const never = new AbortController().signal;
const single = pipelineOf({ a: [] });
const day = 86_400_000;

describe('a log after its retention', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const sweep = async (logRetentionMs = 2 * day) =>
    (await expireLogs({ store: open.store, config: { ...keepAll, logRetentionMs } }).sweep(never)).changed;
  const logsLeft = async () => (await open.client.keys('*:log:*:0')).length;

  async function createEnded(): Promise<RunUid> {
    const uid = await open.create(single);
    await endRun(open.store, uid, { log: ['hello'] });
    return uid;
  }

  it('is removed before its run, and says when', async () => {
    const uid = await createEnded();
    const { endedAt = 0 } = (await open.store.runs.getRun(uid)) ?? {};
    const after = (ms: number) => setClock(open.redis.url, endedAt + ms - Date.now());
    await after(2 * day - 1_000);
    expect([await sweep(), await logsLeft()]).to.deep.equal([0, 1]);
    await after(2 * day);
    expect([await sweep(), await logsLeft()]).to.deep.equal([1, 0]);
    expect((await open.store.logs.places(uid)).removedAt).to.be.within(endedAt + 2 * day, endedAt + 2 * day + 999);
    expect(await open.store.runs.getRun(uid)).to.include({ status: 'SUCCESSFUL' });
  });

  it('is removed once, however many there are and even if many end at the same time', async () => {
    const many = await Promise.all(Array.from({ length: 250 }, () => open.create(single)));
    await Promise.all(many.map((uid) => endRun(open.store, uid, { log: ['x'] })));
    await setClock(open.redis.url, 3 * day);
    await createEnded();
    expect(await sweep()).to.be.at.least(250);
    expect(await logsLeft()).to.equal(1);
    expect(await sweep()).to.be.at.most(64); // The runs that ended last are examined again.
    await setClock(open.redis.url, 6 * day);
    await sweep();
    expect(await logsLeft()).to.equal(0);
  });

  it('is kept as long as its run with a retention of 0', async () => {
    await createEnded();
    await setClock(open.redis.url, 300 * day);
    expect([await sweep(0), await logsLeft()]).to.deep.equal([0, 1]);
  });
});

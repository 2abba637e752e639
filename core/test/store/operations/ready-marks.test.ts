import { expect } from 'chai';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { keys } from '../../../src/store/redis/keys.js';

describe('ready marks', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const marks = () => open.client.zrange(keys.marks('fake'), 0, '-1');
  const redeliver = (...ids: string[]) => open.store.transitions.redeliver('fake', ids);

  it('stand until the claim, however often the id was handed out', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const id = `${uid}.0.1`;
    expect(await marks()).to.eql([id]);
    open.inbox.take(uid);
    expect(await redeliver(id)).to.equal(1);
    expect(open.inbox.take(uid)).to.eql([id]);
    expect(open.inbox.bundles.map(({ message }) => message)).to.eql([1, 2]);
    expect(await marks()).to.eql([id]);
    await claimJob(open.store, uid, 0);
    expect(await marks()).to.eql([]);
  });

  it('are listed by age', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const before = await open.store.now();
    await setClock(open.redis.url, 30_000);
    await open.create(pipelineOf({ a: [] }));
    expect(await open.store.readyMarks.list('fake', { before: before + 1_000, limit: 10 })).to.eql([`${uid}.0.1`]);
    expect(await open.store.readyMarks.list('fake', { before: before + 60_000, limit: 10 })).to.have.length(2);
  });

  it('are removed if no job waits for the claim', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: ['a'] }));
    await claimJob(open.store, uid, 0);
    const gone = [`${uid}.0.1`, `${uid}.0.9`, `${uid}.1.1`, `${uid}.7.1`, '01990000-0000-7000-8000-00000000dead.0.1'];
    for (const id of gone) await open.client.zadd(keys.marks('fake'), 1, id);
    expect(await redeliver(...gone)).to.equal(0);
    expect(await marks()).to.eql([]);
  });

  it('make messages no larger than the announced capacity allows', async () => {
    await open.store.pools.announceCapacity('fake', 24);
    const uid = await open.create(fanOfJobs(10));
    await open.store.transitions.finish(await claimJob(open.store, uid, 0), completed, {});
    expect(open.inbox.bundles.map(({ ids }) => ids.length)).to.eql([1, 3, 3, 3, 1]);
  });
});

import { expect } from 'chai';
import { keys } from '@chainr/core/store/redis/keys';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { expireDeadlines } from '../src/sweeps/expire-deadlines.js';

const never = new AbortController().signal;

describe('a deadline that is due without a worker', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const sweep = () => {
    const queue = {
      removeDead: () => Promise.resolve(0),
      listMissing: () => Promise.resolve(new Set<number>()),
      remove: () => Promise.resolve(),
    };
    return expireDeadlines({ store: open.store, queue, config: { hostLostAfterMs: 0 } }).sweep(never);
  };
  const begin = async () => claimJob(open.store, await open.create(pipelineOf({ a: [] })), 0);
  const later = (ms: number) => setClock(open.redis.url, ms);

  it('is carried out: the worker that adopts the attempt stops it', async () => {
    const lease = await begin();
    await open.store.transitions.report(lease, 'Executing', '', { startedMs: 0 }, { timeoutMs: 10_000 });
    await later(5_000);
    expect(await sweep()).to.eql({ changed: 0, lagMs: 0 });
    await later(12_000);
    const { changed, lagMs } = await sweep();
    expect(changed).to.equal(1);
    expect(lagMs).to.be.within(1_900, 20_000);
    const executor = await open.store.executors.register(testExecutor, 'fake');
    const by = { owner: 'heir', executor, ttlMs: 6_000, ownerGone: true };
    expect(await open.store.transitions.adopt(lease, by)).to.include({ stop: 'TimedOut' });
    expect(await sweep()).to.eql({ changed: 0, lagMs: 0 });
  });

  it('may be the end of a backoff: the next attempt has its message', async () => {
    const lease = await begin();
    const { run } = lease;
    expect(await open.store.transitions.retry(lease, { reason: 'NodeLost' }, {}, { removalGraceMs: 60_000 })).to.equal(
      'ok',
    );
    open.inbox.take(run);
    expect((await sweep()).changed).to.equal(0);
    expect(open.inbox.take(run)).to.eql([]);
    await later(1_000);
    expect((await sweep()).changed).to.equal(1);
    expect(open.inbox.take(run)).to.eql([`${run}.0.2`]);
    expect(await open.client.zrange(keys.marks('fake'), 0, '-1')).to.eql([`${run}.0.2`]);
    expect(await open.store.runs.findJob(run, 'a')).to.include({ status: 'PENDING', reason: 'Queued' });
  });
});

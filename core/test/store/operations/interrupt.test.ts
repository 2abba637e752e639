import { expect } from 'chai';
import { askToEnd } from '@chainr/testkit/ask-to-end';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { formatLease, type Lease } from '../../../src/store/redis/keys.js';

const ttlMs = 60_000;
const told = 5_000;

describe('an attempt that its worker interrupts', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  async function running(): Promise<Lease> {
    const uid = await open.create({ ...pipelineOf({ a: [] }), timeoutMs: 1_000_000 });
    return claimJob(open.store, uid, 0);
  }

  /** The reasons that the next renewal tells the worker. */
  async function renewed(lease: Lease): Promise<string[]> {
    const executor = await open.store.executors.register(testExecutor, 'fake');
    return (await open.store.leases.renew(executor, [formatLease(lease)], ttlMs)).stops.map(({ reason }) => reason);
  }

  async function adopted(lease: Lease): Promise<{ stop?: string; stopToldMs: number }> {
    const by = {
      owner: 'heir',
      executor: await open.store.executors.register(testExecutor, 'fake'),
      ttlMs,
      ownerGone: true,
    };
    const reply = await open.store.transitions.adopt(lease, by);
    if (typeof reply === 'string') throw new Error(reply);
    return reply;
  }

  it('is to be stopped as Interrupted, for its worker and its heir', async () => {
    const lease = await running();
    expect(await open.store.transitions.interrupt(lease)).to.equal('ok');
    expect(await renewed(lease)).to.eql(['Interrupted']);
    await setClock(open.redis.url, told);
    const { stop, stopToldMs } = await adopted(lease);
    expect(stop).to.equal('Interrupted');
    expect(stopToldMs).to.be.at.least(told);
  });

  for (const [what, reason] of [
    ['cancel', 'CanceledByUser'],
    ['timeout', 'RunTimedOut'],
  ] as const) {
    // prettier-ignore
    describe(`before the ${what} of its run`, () => {
      it(`gets ${reason}, and its grace goes on`, async () => {
        const lease = await running();
        await open.store.transitions.interrupt(lease);
        await setClock(open.redis.url, told);
        await askToEnd(open, lease.run, what);
        expect(await renewed(lease)).to.eql([reason]);
        const { stop, stopToldMs } = await adopted(lease);
        expect(stop).to.equal(reason);
        expect(stopToldMs, 'since the interruption').to.be.at.least(told);
      });
    });
  }

  it('gets the cancel of the same call, in either order', async () => {
    const lease = await running();
    const { transitions } = open.store;
    const executor = await open.store.executors.register(testExecutor, 'fake');
    const by = { owner: 'heir', executor, ttlMs, ownerGone: true };
    const [, , heir] = await Promise.all([transitions.interrupt(lease), transitions.cancel(lease.run), transitions.adopt(lease, by)]); // prettier-ignore
    expect(heir).to.include({ stop: 'CanceledByUser', stopToldMs: 0 });
    await setClock(open.redis.url, told);
    const next = typeof heir === 'object' && (await adopted(heir.lease));
    expect(next && next.stopToldMs, 'since the interruption').to.be.at.least(told);
  });
});

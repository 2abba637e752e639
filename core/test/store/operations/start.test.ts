import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import type { Lease } from '../../../src/store/redis/keys.js';

describe('the record that a step may have been started', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  const running = async () => claimJob(open.store, await open.create(pipelineOf({ a: [] })), 0);

  async function adopted(lease: Lease) {
    const executor = await open.store.executors.register(testExecutor, 'fake');
    const reply = await open.store.transitions.adopt(lease, {
      owner: 'heir',
      executor,
      ttlMs: 60_000,
      ownerGone: true,
    });
    if (typeof reply === 'string') throw new Error(reply);
    return reply;
  }

  it('is given to whoever adopts the attempt, and continued by it', async () => {
    const lease = await running();
    expect(await open.store.transitions.start(lease, 1)).to.equal('ok');
    expect(await open.store.transitions.start(lease, 2)).to.equal('ok');
    const heir = await adopted(lease);
    expect(heir).to.include({ starts: 2, begun: false });
    expect(await open.store.transitions.start(heir.lease, 3)).to.equal('ok');
  });

  it('is 0 before the first start', async () => {
    expect(await adopted(await running())).to.include({ starts: 0 });
  });

  it('does not decrease', async () => {
    const lease = await running();
    await open.store.transitions.start(lease, 3);
    expect(await open.store.transitions.start(lease, 1)).to.equal('ok');
    expect(await adopted(lease)).to.include({ starts: 3 });
  });

  it('is taken back by 0, where the executor has refused the start', async () => {
    const lease = await running();
    await open.store.transitions.start(lease, 3);
    expect(await open.store.transitions.start(lease, 0)).to.equal('ok');
    expect(await adopted(lease)).to.include({ starts: 0 });
    const other = await running();
    await open.store.transitions.start(other, 2);
    const heir = await adopted(other);
    expect(heir).to.include({ starts: 2 });
    expect(await open.store.transitions.start(other, 0)).to.equal('stale');
    expect(await open.store.transitions.start(heir.lease, 2)).to.equal('ok');
  });

  it('can be made in the same call as the adoption that follows', async () => {
    const lease = await running();
    const [, heir] = await Promise.all([open.store.transitions.start(lease, 1), adopted(lease)]);
    expect(heir).to.include({ starts: 1 });
  });

  it('is refused as stale after an adoption, and after the end', async () => {
    const lease = await running();
    const heir = await adopted(lease);
    expect(await open.store.transitions.start(lease, 1)).to.equal('stale');
    await open.store.transitions.finish(heir.lease, { reason: 'Completed', exitCode: 0 }, {});
    expect(await open.store.transitions.start(heir.lease, 1)).to.equal('stale');
  });

  it('belongs to one attempt: the next one has none', async () => {
    const lease = await running();
    await open.store.transitions.start(lease, 1);
    await open.store.transitions.requeue(lease, 'Interrupted', '', { removalGraceMs: 0 });
    const next = await claimJob(open.store, lease.run, 0, { attempt: 2 });
    expect(await adopted(next)).to.include({ starts: 0 });
  });
});

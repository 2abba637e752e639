import { expect } from 'chai';
import { keys, logPartBytes } from '@chainr/core/store/keys';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { resumeDeletions } from '../src/sweeps/resume-deletions.js';

const never = new AbortController().signal;
/** More than one call removes. */
const parts = 120;

describe('a run whose deletion was broken off', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  it('is removed by the sweep once nobody else does', async () => {
    const lease = await claimJob(open.store, await open.create(pipelineOf({ a: [] })), 0);
    const { run } = lease;
    const bytes = Buffer.alloc(logPartBytes, 'x');
    for (let part = 0; part < parts; part += 1) {
      const entry = { length: part * logPartBytes, bytes, position: String(part), end: part === parts - 1 };
      await open.store.transitions.appendLog(lease, entry);
    }
    await open.store.transitions.finish(lease, { reason: 'Completed', exitCode: 0 }, {}, { closeGraceMs: 1 });
    // The first piece alone, as by a process that is killed then.
    expect(await open.store.transitions.delete(run, '')).to.have.property('rest');
    const sweep = resumeDeletions({ store: open.store });
    expect(await sweep.sweep(never)).to.deep.equal({ changed: 0 });
    expect(await open.client.keys(`*${run}*`)).to.not.be.empty;
    await setClock(open.redis.url, 11_000);
    expect(await sweep.sweep(never)).to.deep.equal({ changed: 1 });
    expect(await open.client.keys(`*${run}*`)).to.deep.equal([]);
    expect(await open.client.zcard(keys.deletions)).to.equal(0);
    expect(await sweep.sweep(never)).to.deep.equal({ changed: 0 });
  });
});

import { expect } from 'chai';
import { keys } from '@chainr/core/store/redis/keys';
import { pipelineOf } from '@chainr/testkit/builders';
import { setClock } from '@chainr/testkit/clock';
import { endRun } from '@chainr/testkit/end-run';
import { growLog } from '@chainr/testkit/grow-log';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { resumeDeletions } from '../src/sweeps/resume-deletions.js';

const never = new AbortController().signal;
/** More parts of a log than one call removes. */
const parts = 120;

describe('a run with an interrupted deletion', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  it('is removed by the sweep if no process does', async () => {
    const run = await open.create(pipelineOf({ a: [] }));
    await endRun(open.store, run, { log: ['x'] });
    await growLog(open.client, { run, index: 0, attempt: 1 }, parts);
    // Only the first piece is removed, as by a process that is killed then.
    expect(await open.store.removals.delete(run, '')).to.have.property('rest');
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

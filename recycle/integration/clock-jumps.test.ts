import { expect } from 'chai';
import { BundleQueue } from '@chainr/core/queue/bundle-queue';
import { keys } from '@chainr/core/store/redis/keys';
import { pipelineOf } from '@chainr/testkit/builders';
import { setClock } from '@chainr/testkit/clock';
import { endRun } from '@chainr/testkit/end-run';
import { useJumpingClocks, type JumpingClock } from '@chainr/testkit/jumping-redis';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { listSweeps } from '../src/list-sweeps.js';

const minute = 60_000;
const hour = 60 * minute;
const never = new AbortController().signal;
const config = {
  hostLostAfterMs: 5 * minute,
  logRetentionMs: 10 * minute,
  runRetentionMs: 20 * minute,
  eventRetentionMs: 20 * minute,
  eventLimitBytes: 0,
  archiveAfterMs: 0,
};
/** More runs than fit into one node of the event stream, which is trimmed as a whole. */
const many = 40;

describe('what recycle keeps for a time, while the clock of a real Redis jumps', function () {
  this.timeout(60_000);
  const clocks = useJumpingClocks();
  let clock: JumpingClock;
  let open: OpenStore;
  let queue: BundleQueue;

  beforeEach(async () => {
    clock = await clocks.make();
    open = await openStore({ patienceMs: 10_000 }, [], clock.program);
    queue = new BundleQueue(open.redis.url, silentLogger);
    await queue.start();
  });
  afterEach(async () => {
    await queue.stop();
    await open.close();
  });

  /** One pass of all sweeps. @returns the names of those that changed something */
  async function sweep(): Promise<string[]> {
    const swept = listSweeps({ store: open.store, queue, config }).map(async ({ name, sweep: pass }) => ({ name, ...(await pass(never)) })); // prettier-ignore
    return (await Promise.all(swept)).filter(({ changed }) => changed > 0).map(({ name }) => name);
  }
  /** Lets time really pass. The time that the test itself takes is far below a minute. */
  const pass = (ms: number) => setClock(open.redis.url, ms);

  for (const { name, jump } of [
    { name: 'an hour ahead', jump: hour },
    { name: 'an hour back', jump: -hour },
  ])
    it(`goes when that time has really passed, and not before, after a jump of ${name}`, async () => {
      for (let n = 0; n < many; n += 1) await endRun(open.store, await open.create(pipelineOf({ a: [] })), { log: ['hello'] }); // prettier-ignore
      const events = await open.client.xlen(keys.events);
      expect(await sweep(), 'no worker serves the pool').to.eql(['drop-pools']);
      await clock.set(jump);
      expect(await sweep(), 'right after the jump').to.eql([]);
      await pass(9 * minute);
      expect(await sweep(), 'before any time is over').to.eql([]);
      await pass(11 * minute);
      expect(await sweep()).to.eql(['expire-logs']);
      expect(await open.client.zcard(keys.ended)).to.equal(many);
      await pass(21 * minute);
      expect(await sweep()).to.have.members(['expire-runs', 'trim-events']);
      expect(await open.client.xlen(keys.events)).to.be.below(events);
    });
});

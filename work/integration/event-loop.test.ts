import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { keys, parseLease } from '@chainr/core/store/keys';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { listAllLeases } from '@chainr/testkit/count-leases';
import { untilFound } from '@chainr/testkit/processes-of';
import { WorkerGroup } from '@chainr/testkit/worker-group';

const held = 500;
const blocks = 3;
const env = { CHAINR_CAPACITY: String(held), FAKE_EXECUTOR: 'fake:held', BLOCK_MS: '2000' };

describe('a worker of 500 attempts whose event loop is blocked for 2 s', function () {
  this.timeout(90_000);
  const folders = useDataFolders();

  it('loses none of them to another worker, again and again, with the settings as they are by default', async () => {
    const group = await WorkerGroup.start({ home: await folders.make(), kind: 'fake', env });
    try {
      const owner = await group.startWorker();
      const jobs = Array.from(
        { length: held },
        (_, at) => [`job-${String(at)}`, { image: 'busybox', run: ':' }] as const,
      );
      await group.createRun({ kind: 'Pipeline', jobs: Object.fromEntries(jobs) });
      while ((await listAllLeases(group.client)).length < held) await pause(20);
      const before = (await listAllLeases(group.client)).sort();
      const other = await group.startWorker();

      const leastLeft: number[] = [];
      for (let block = 1; block <= blocks; block += 1) {
        process.kill(owner.pid, 'SIGUSR2');
        const isOver = () => owner.output.split('"event":"unblocked"').length > block;
        let least = Infinity;
        await untilFound(isOver).finally(() => undefined);
        least = Math.min(least, await leastTimeLeft(group));
        leastLeft.push(least);
        await group.untilRenewed(2);
      }
      expect((await listAllLeases(group.client)).sort(), 'who holds what').to.deep.equal(before);
      expect(new Set(before.map((lease) => parseLease(lease).epoch)), 'how often each was adopted').to.deep.equal(
        new Set([1]),
      );
      expect(owner.output).to.not.contain('"event":"lease.lost"');
      expect(other.output).to.not.contain('"event":"attempt.adopted"');
      console.log(
        `      least time left of any lease right after each block: ${leastLeft.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(', ')}`,
      );
    } finally {
      await group.stop();
    }
  });
});

/** How long the lease that ends first still lasts, in ms. */
async function leastTimeLeft({ client, store }: WorkerGroup): Promise<number> {
  const numbers = await client.hvals(keys.executors);
  const firsts = await Promise.all(
    numbers.map((number) => client.zrange(keys.leases(Number(number)), 0, '0', 'WITHSCORES')),
  );
  const expiries = firsts.flatMap(([, expiry]) => (expiry === undefined ? [] : [Number(expiry)]));
  return Math.min(...expiries) - (await store.work.now());
}

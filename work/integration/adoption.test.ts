import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { keys } from '@chainr/core/store/redis/keys';
import type { Command } from '@chainr/testkit/command';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { untilFound } from '@chainr/testkit/until-found';
import { untilFinal } from '@chainr/testkit/waits';
import { WorkerGroup } from '@chainr/testkit/worker-group';
import { createCounting, expectAllOnce, untilAllClosed, untilStored, type CountingJob } from './counting-jobs.js';
import { describeOnExecutors } from '../suite/seen-from-outside.js';

/** The default: a lease lasts three renewals. Workers look for expired leases every second. */
const leaseTtlMs = 6_000;
/** The heir renews every 2 s and must adopt within 15 s, so it may renew this often before. */
const mostRenewals = 7;

/** Takes 20 seconds. */
const long: readonly CountingJob[] = [{ name: 'long', lines: 100, pauseSeconds: 0.2 }];

describeOnExecutors('a worker that goes while a job of 20 s runs', function (subject) {
  const folders = useDataFolders();

  const isAdopted = ({ output }: Command) => output.includes('"event":"attempt.adopted"');

  interface Scene {
    group: WorkerGroup;
    run: RunUid;
    first: Command;
    second: Command;
  }

  /** Nobody releases the lease, so it is adopted soon after it expires. */
  async function kill({ group, first, second }: Scene): Promise<void> {
    first.signal('SIGKILL');
    expect((await first.ended).signal).to.equal('SIGKILL');
    const seen = async () => JSON.stringify(await group.client.hgetall(keys.seen));
    let last = await seen();
    let renewals = 0;
    await untilFound('the adoption', async () => {
      const now = await seen();
      if (now !== last) renewals += 1;
      last = now;
      return isAdopted(second);
    });
    console.log(`      ${subject.kind}: adopted after ${String(renewals)} renewals of the heir`);
    expect(renewals, 'renewals of the heir until it adopted').to.be.at.most(mostRenewals);
  }

  /** The worker releases the lease before it ends. Otherwise the lease would last for seconds. */
  async function end({ group, run, first }: Scene): Promise<void> {
    first.signal('SIGTERM');
    expect((await first.ended).code, first.output).to.equal(0);
    const [released] = await group.store.leases.listExpired(1, 1);
    expect(released !== undefined || (await group.adoptionsOf(run, 0)) > 0, 'let go of, or adopted already').to.be.true;
  }

  async function adoptFrom(go: (scene: Scene) => Promise<void>): Promise<void> {
    const home = await folders.make();
    const group = await WorkerGroup.start({ home, kind: subject.kind, env: subject.env() });
    try {
      const place = { subject, group, home };
      const first = await group.startWorker();
      const run = await createCounting(place, long);
      await untilStored(place, run, 0, 20);
      const second = await group.startWorker();
      // Nothing is adopted until Redis has been up for one lease time (see Leases).
      const upMs = async () => (await group.store.serverLife.read()).upMs;
      await untilFound('a Redis that is old enough for adoptions', upMs, (ms) => ms >= leaseTtlMs);
      await go({ group, run, first, second });
      await untilFinal(group.store.events, run);
      await untilAllClosed(place, run, long);
      await expectAllOnce(place, run, long, go.name);
      expect(await group.adoptionsOf(run, 0)).to.equal(1);
    } finally {
      await group.stop();
    }
  }

  it('is followed by another, after SIGTERM without waiting for the lease, and the job runs on, its log without a gap', async function () {
    this.timeout(180_000);
    await Promise.all([kill, end].map(adoptFrom));
  });
});

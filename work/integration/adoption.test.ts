import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { untilFinal } from '@chainr/testkit/waits';
import { WorkerGroup } from '@chainr/testkit/worker-group';
import { createCounting, expectAllOnce, untilAllClosed, untilStored, type CountingJob } from './counting-jobs.js';
import { describeOnExecutors } from './seen-from-outside.js';

/** The acceptance, with the settings as they are by default. */
const limits = { SIGKILL: 15_000, SIGTERM: 2_000 } as const;

const leaseTtlMs = 6_000;

/** 20 seconds. */
const long: readonly CountingJob[] = [{ name: 'long', lines: 100, pauseSeconds: 0.2 }];

describeOnExecutors('a worker that goes while a job of 20 s runs', function (subject) {
  const folders = useDataFolders();

  /** @returns how long after the signal the job was adopted, in ms. */
  async function measureAdoption(signal: keyof typeof limits): Promise<number> {
    const home = await folders.make();
    const group = await WorkerGroup.start({ home, kind: subject.kind, env: subject.env() });
    try {
      const place = { subject, group, home };
      const first = await group.startWorker();
      const run = await createCounting(place, long);
      await untilStored(place, run, 0, 20);
      const second = await group.startWorker();
      // While Redis is younger than a lease nothing is taken over (see Leases).
      while ((await group.store.serverLife.read()).upMs < leaseTtlMs) await pause(50);
      const sentAt = Date.now();
      first.signal(signal);
      const [line] = await second.says(/^.*"event":"attempt.adopted".*$/m);
      const adoptedAfterMs = Date.parse((JSON.parse(line) as { time: string }).time) - sentAt;
      const { code, signal: endedBy } = await first.ended;
      expect(endedBy ?? code, first.output).to.equal(signal === 'SIGKILL' ? 'SIGKILL' : 0);
      await untilFinal(group.store.events, run);
      await untilAllClosed(place, run, long);
      await expectAllOnce(place, run, long, `after ${signal}`);
      expect(await group.adoptionsOf(run, 0)).to.equal(1);
      return adoptedAfterMs;
    } finally {
      await group.stop();
    }
  }

  it('is followed by another within 15 s of kill -9 and 2 s of SIGTERM, and the job runs on, its log without a gap', async function () {
    this.timeout(120_000);
    const signals = ['SIGKILL', 'SIGTERM'] as const;
    const measured = await Promise.all(signals.map(measureAdoption));
    for (const [at, signal] of signals.entries()) {
      const ms = measured[at]!;
      console.log(`      ${subject.kind}: adopted ${String(ms)} ms after ${signal}`);
      expect(ms, signal).to.be.at.most(limits[signal]);
    }
  });
});

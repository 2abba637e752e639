import { stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { appendOnlyFile, writtenSize } from '@chainr/testkit/append-only-file';
import type { Command } from '@chainr/testkit/command';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { eachAtOnce } from '@chainr/testkit/each-at-once';
import { untilFound } from '@chainr/testkit/until-found';
import { untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';
import {
  createCounting,
  expectAllOnce,
  untilAllClosed,
  untilStored,
  type CountingJob,
  type Place,
} from './counting-jobs.js';
import { describeOnExecutors } from '../suite/seen-from-outside.js';

const atOnce = 4;

const one = (name: string, lines: number, dependsOn: readonly string[] = []): CountingJob => ({ name, lines, pauseSeconds: 0.1, dependsOn }); // prettier-ignore
/** Three jobs at once, and one that depends on the first of them. */
const jobs: readonly CountingJob[] = [one('short', 10), one('middle', 30), one('long', 45), one('next', 30, ['short'])];

interface Cut {
  /** The moment from which on everything is lost, for the title. */
  from: string;
  /** Waits for that moment. Default: right before the first worker starts. */
  untilFrom?: (place: Place, run: RunUid) => Promise<void>;
  /** Waits for the moment at which Redis is killed. */
  untilKill: (place: Place, run: RunUid) => Promise<void>;
}

interface Workers {
  count: number;
  /** Whether they outlive Redis. */
  alive: boolean;
}

/** Waits until this many jobs have been started. */
const started =
  (count: number) =>
  async ({ subject, home }: Place, run: RunUid): Promise<void> => {
    const look = () => subject.starts(home, run);
    await untilFound(`${count} starts`, look, ({ length }) => length >= count, { everyMs: 50 });
  };
const stored = (index: number, lines: number) => (place: Place, run: RunUid) => untilStored(place, run, index, lines); // prettier-ignore

const cuts: readonly Cut[] = [
  { from: 'the claims of all that runs', untilKill: started(3) },
  { from: 'two seconds of output', untilFrom: stored(1, 10), untilKill: stored(2, 40) },
  { from: 'an end, and the start of what waited for it', untilFrom: stored(0, 2), untilKill: started(4) },
  {
    from: 'the end of the run',
    untilFrom: stored(2, 70),
    untilKill: (place, run) => untilAllClosed(place, run, jobs),
  },
];

describeOnExecutors('a Redis that comes back without its last seconds', (subject) => {
  const folders = useDataFolders();

  async function loseTail({ from, untilFrom, untilKill }: Cut, { count, alive }: Workers): Promise<void> {
    const home = await folders.make();
    const group = await WorkerGroup.start({ home, kind: subject.kind, env: { ...briefLeases, ...subject.env() } });
    const what = `without ${from}; ${String(count)} workers${alive ? '' : ', killed with it'}`;
    try {
      const place = { subject, group, home };
      const run = await createCounting(place, jobs);
      const file = await appendOnlyFile(path.join(home, 'redis'));
      const sizeAtFirst = await writtenSize(group.client, file);
      const workers = await startWorkers(group, count);
      await untilFrom?.(place, run);
      const size = untilFrom ? await writtenSize(group.client, file) : sizeAtFirst;
      await untilKill(place, run);
      // On a busy machine both moments may have been seen only after what lies between them.
      await untilFound(`${what}: bytes to lose`, () => writtenSize(group.client, file), (now) => now > size); // prettier-ignore
      await group.killRedis();
      if (!alive) await Promise.all(workers.map(killWorker));
      const lost = (await stat(file)).size - size;
      expect(lost, `${what}: bytes to lose`).to.be.greaterThan(0);
      await truncate(file, size);
      await group.restartRedis();
      if (!alive) workers.push(...(await startWorkers(group, count)));
      const backAt = performance.now();
      await untilFinal(group.store.events, run).catch(async (error: unknown) => {
        const stuck = await group.store.runs.listJobs(run, { from: 0, limit: jobs.length });
        const said = workers.map(({ output }) => output).join('\n');
        throw new Error(`${what}: it did not end: ${JSON.stringify(stuck)} ${said}`, { cause: error });
      });
      await untilAllClosed(place, run, jobs);
      const seconds = (performance.now() - backAt) / 1000;
      await expectAllOnce(place, run, jobs, what);
      console.log(`      ${what}: ${String(lost)} bytes were lost; closed ${seconds.toFixed(1)} s later`);
    } finally {
      await group.stop();
    }
  }

  for (const workers of [
    { count: 2, alive: true },
    { count: 1, alive: true },
    { count: 1, alive: false },
  ]) {
    // prettier-ignore
    const who = `${String(workers.count)} at work${workers.alive ? '' : ', which dies with it'}`;
    it(`starts nothing twice and ends every run, whatever it lost: ${who}`, async function () {
      this.timeout(150_000);
      await eachAtOnce(cuts, atOnce, (cut) => loseTail(cut, workers));
    });
  }
});

const startWorkers = (group: WorkerGroup, count: number): Promise<Command[]> =>
  Promise.all(Array.from({ length: count }, () => group.startWorker()));

async function killWorker(worker: Command): Promise<void> {
  worker.signal('SIGKILL');
  await worker.ended;
}

import { readdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { RunUid } from '@chainr/core/model/records';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { untilLines } from '@chainr/testkit/lines-in';
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
import { processes } from './seen-from-outside.js';

const subject = processes;
const atOnce = 4;

const one = (name: string, lines: number, dependsOn: readonly string[] = []): CountingJob => ({ name, lines, pauseSeconds: 0.1, dependsOn }); // prettier-ignore
/** Three at once, and one that waits for the first of them. */
const jobs: readonly CountingJob[] = [one('short', 10), one('middle', 30), one('long', 45), one('next', 30, ['short'])];

interface Cut {
  /** From what moment on everything is lost. */
  from: string;
  /** Waits for it. */
  untilFrom(place: Place, run: RunUid): Promise<void>;
  /** Waits for the moment at which Redis is killed. */
  untilKill(place: Place, run: RunUid): Promise<void>;
}

const started = (count: number) => ({ home }: Place) => untilLines(subject.ledger(home), count); // prettier-ignore
const stored = (index: number, lines: number) => (place: Place, run: RunUid) => untilStored(place, run, index, lines); // prettier-ignore

const cuts: readonly Cut[] = [
  { from: 'the claims of all that runs', untilFrom: () => Promise.resolve(), untilKill: started(3) },
  { from: 'two seconds of output', untilFrom: stored(1, 10), untilKill: stored(2, 40) },
  { from: 'an end, and the start of what waited for it', untilFrom: stored(0, 18), untilKill: started(4) },
  {
    from: 'the end of the run',
    untilFrom: stored(2, 84),
    untilKill: (place, run) => untilAllClosed(place, run, jobs),
  },
];

describe('a Redis that comes back without its last seconds', function () {
  this.timeout(150_000);
  const folders = useDataFolders();

  async function loseTail({ from, untilFrom, untilKill }: Cut, workerCount: number): Promise<void> {
    const home = await folders.make();
    const group = await WorkerGroup.start({ home, kind: subject.kind, env: briefLeases });
    const what = `without ${from}, ${String(workerCount)} workers`;
    try {
      const place = { subject, group, home };
      const run = await createCounting(place, jobs);
      const early = from === cuts[0]?.from;
      const file = await appendOnlyFile(home);
      const sizeBefore = (await stat(file)).size;
      const workers = await Promise.all(Array.from({ length: workerCount }, () => group.startWorker()));
      await untilFrom(place, run);
      const size = early ? sizeBefore : (await stat(file)).size;
      await untilKill(place, run);
      await group.killRedis();
      const lost = (await stat(file)).size - size;
      expect(lost, `${what}: bytes to lose`).to.be.greaterThan(0);
      await truncate(file, size);
      await group.restartRedis();
      await untilFinal(group.store.events, run, 40_000).catch(async (error: unknown) => {
        const jobsNow = await group.store.runs.listJobs(run, { from: 0, limit: jobs.length });
        throw new Error(
          `${what}: it did not end: ${JSON.stringify(jobsNow)} ${workers.map(({ output }) => output).join('\n')}`,
          { cause: error },
        );
      });
      await untilAllClosed(place, run, jobs);
      await expectAllOnce(place, run, jobs, what);
      console.log(`      ${what}: ${String(lost)} bytes were lost`);
    } finally {
      await group.stop();
    }
  }

  for (const workerCount of [2, 1]) {
    it(`starts nothing twice and ends every run, whatever it lost: ${String(workerCount)} workers`, async () => {
      const failures: unknown[] = [];
      const waiting = [...cuts];
      const lane = async (): Promise<void> => {
        for (let cut = waiting.shift(); cut; cut = waiting.shift()) {
          await loseTail(cut, workerCount).catch((error: unknown) => failures.push(error));
        }
      };
      await Promise.all(Array.from({ length: atOnce }, lane));
      if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n\n'));
    });
  }
});

/** What it appends to: since Redis 7 the last of several files. */
async function appendOnlyFile(home: string): Promise<string> {
  const folder = path.join(home, 'redis');
  const names = await readdir(folder, { recursive: true });
  const name = names.find((each) => each.endsWith('.incr.aof')) ?? names.find((each) => each.endsWith('.aof'));
  if (name === undefined) {
    await pause(20);
    return appendOnlyFile(home);
  }
  return path.join(folder, name);
}

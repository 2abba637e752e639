import { readdirSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { isFinalRun } from '@chainr/core/model/states';
import type { RunUid } from '@chainr/core/model/records';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { untilFound } from '@chainr/testkit/processes-of';
import { WorkerGroup } from '@chainr/testkit/worker-group';

const jobs = Array.from({ length: 20 }, (_, at) => `job-${String(at)}`);
const awayMs = 30_000;

/** Twenty jobs that write a line each fifth of a second; the last one of a pair waits for the first. */
function twentyJobs(ledger: string, lines: number, chained: boolean): object {
  const run = `echo "$CHAINR_JOB $CHAINR_ATTEMPT" >> "$LEDGER"; i=0; while [ $i -lt ${String(lines)} ]; do echo "line $i"; i=$((i+1)); sleep 0.2; done`;
  const entries = jobs.map((name, at) => {
    const dependsOn = chained && at % 2 === 1 ? [jobs[at - 1]] : [];
    return [name, { image: 'busybox', run, dependsOn }] as const;
  });
  return { kind: 'Pipeline', env: { LEDGER: ledger }, jobs: Object.fromEntries(entries) };
}

const once = jobs.map((name) => `${name} 1`).sort();

describe('workers whose Redis goes away', function () {
  this.timeout(240_000);
  const folders = useDataFolders();
  let group: WorkerGroup | undefined;

  afterEach(async () => {
    await group?.stop();
    group = undefined;
  });

  const start = async (home: string) =>
    (group = await WorkerGroup.start({ home, kind: 'process', env: { CHAINR_CAPACITY: '10' } }));

  async function untilEnded(workers: WorkerGroup, run: RunUid): Promise<void> {
    for (;;) {
      const found = await workers.store.runs.getRun(run).catch(() => undefined); // Redis may still be starting.
      if (found && isFinalRun(found.status)) return;
      await pause(100);
    }
  }

  async function expectWhole(workers: WorkerGroup, run: RunUid, lines: number): Promise<void> {
    expect((await workers.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
    const expected = Array.from({ length: lines }, (_, at) => `main stdout line ${String(at)}`);
    for (const index of jobs.keys()) expect(await workers.logOf(run, index), jobs[index]).to.deep.equal(expected);
  }

  for (const [how, signal] of [
    ['hangs', 'SIGSTOP'],
    ['is killed and comes back', 'SIGKILL'],
  ] as const) {
    it(`go on when it ${how} for 30 s, start nothing twice and adopt nothing from one another`, async () => {
      const home = await folders.make();
      const ledger = path.join(home, 'ledger');
      const lines = 190; // Some 40 s: they outlast it.
      const workers = await start(home);
      const [one, two] = [await workers.startWorker(), await workers.startWorker()];
      const run = await workers.createRun(twentyJobs(ledger, lines, false));
      await untilLines(ledger, 20);
      process.kill(workers.redis.pid, signal);
      await pause(awayMs); // The time itself is what is tested.
      if (signal === 'SIGSTOP') process.kill(workers.redis.pid, 'SIGCONT');
      else await workers.restartRedis();
      await untilEnded(workers, run);
      const adopted = [one, two].map(({ output }) => output.split('"event":"attempt.adopted"').length - 1);
      console.log(`      adoptions: ${adopted.join(' and ')}; starts: ${String(linesIn(ledger).length)}`);
      expect(adopted).to.deep.equal([0, 0]);
      expect(linesIn(ledger).sort()).to.deep.equal(once);
      await expectWhole(workers, run, lines);
      for (const worker of [one, two]) worker.signal('SIGTERM');
      for (const worker of [one, two]) expect((await worker.ended).code).to.equal(0);
    });
  }

  for (const cutBack of [0.3, 1, 2]) {
    it(`start nothing twice when it comes back without its last ${String(cutBack)} s`, async () => {
      const home = await folders.make();
      const ledger = path.join(home, 'ledger');
      const lines = 15;
      const workers = await start(home);
      const both = [await workers.startWorker(), await workers.startWorker()];
      const run = await workers.createRun(twentyJobs(ledger, lines, true));
      // In the second half of the first jobs, so that ends, claims and logs are among what is lost.
      await untilLines(ledger, 11);
      const file = tailOf(path.join(home, 'redis'));
      const length = statSync(file).size;
      await pause(cutBack * 1_000); // The time itself is what is tested.
      process.kill(workers.redis.pid, 'SIGKILL');
      await untilFound(() => !workers.redis.isAlive());
      const lost = statSync(file).size - length;
      truncateSync(file, length);
      await workers.restartRedis();
      await untilEnded(workers, run);
      console.log(`      lost ${String(lost)} bytes; starts: ${String(linesIn(ledger).length)}`);
      expect(lost).to.be.above(0);
      expect(linesIn(ledger).sort()).to.deep.equal(once);
      await expectWhole(workers, run, lines);
      for (const worker of both) worker.signal('SIGTERM');
      for (const worker of both) await worker.ended;
    });
  }
});

/** The append-only file that Redis writes to: one file up to Redis 6, else the increment in a folder. */
function tailOf(folder: string): string {
  const inside = path.join(folder, 'appendonlydir');
  const found = readdirSync(inside).find((name) => name.endsWith('.incr.aof'));
  return found === undefined ? path.join(folder, 'appendonly.aof') : path.join(inside, found);
}

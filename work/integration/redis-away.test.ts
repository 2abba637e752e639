import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { untilFinal } from '@chainr/testkit/waits';
import { WorkerGroup } from '@chainr/testkit/worker-group';
import { createCounting, expectAllOnce, untilAllClosed, type CountingJob } from './counting-jobs.js';
import { processes } from '../suite/seen-from-outside.js';

const subject = processes;
const awayMs = 30_000;
const capacity = { CHAINR_CAPACITY: '10' };

/** Half of them end while Redis is away, the other half after that. */
const jobs: readonly CountingJob[] = Array.from({ length: 20 }, (_, at) => ({
  name: `job-${String(at)}`,
  lines: at % 2 === 0 ? 12 : 70,
  pauseSeconds: 0.5,
  exitCode: at % 4,
}));

/** Takes Redis away. The returned function brings it back. */
type Outage = (group: WorkerGroup) => Promise<() => Promise<void>>;

const outages: Readonly<Record<string, Outage>> = {
  frozen: ({ redis: { pid } }) => {
    process.kill(pid, 'SIGSTOP');
    return Promise.resolve(() => Promise.resolve(void process.kill(pid, 'SIGCONT')));
  },
  killed: async (group) => {
    await group.killRedis();
    return () => group.restartRedis();
  },
};

describe('20 jobs on two workers while Redis is away for 30 s', function () {
  this.timeout(150_000);
  const folders = useDataFolders();

  async function runThrough(name: string, takeAway: Outage): Promise<void> {
    const home = await folders.make();
    const group = await WorkerGroup.start({ home, kind: subject.kind, env: capacity });
    try {
      const place = { subject, group, home };
      const workers = await Promise.all([group.startWorker(), group.startWorker()]);
      const run = await createCounting(place, jobs);
      await untilLines(subject.ledger(home), jobs.length);
      const bringBack = await takeAway(group);
      await pause(awayMs); // The length of the outage is what is tested.
      await bringBack();
      await untilFinal(group.store.events, run);
      await untilAllClosed(place, run, jobs);
      await expectAllOnce(place, run, jobs, `Redis ${name}`);
      const adoptions = await Promise.all(jobs.map((_, index) => group.adoptionsOf(run, index)));
      const adopted = adoptions.reduce((sum, each) => sum + each, 0);
      console.log(
        `      Redis ${name}: ${String(linesIn(subject.ledger(home)).length)} starts, ${String(adopted)} adoptions`,
      );
      expect(adopted, 'adoptions, though no worker was ever gone').to.equal(0);
      for (const worker of workers) worker.signal('SIGTERM');
      for (const worker of workers) expect((await worker.ended).code, worker.output).to.equal(0);
    } finally {
      await group.stop();
    }
  }

  it('all end correctly, each started once, none adopted: Redis frozen, and Redis killed and restarted', async () => {
    await Promise.all(Object.entries(outages).map(([name, takeAway]) => runThrough(name, takeAway)));
  });
});

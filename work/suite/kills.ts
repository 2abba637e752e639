import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import type { Command } from '@chainr/testkit/command';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { untilFound } from '@chainr/testkit/until-found';
import { untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';
import type { PodSubject } from './pods.js';

interface Sizes {
  /** Jobs of a run, all at once. */
  jobs: number;
  /** How long the first step of each lasts, in seconds. */
  seconds: number;
}

const steps = (seconds: number) => [
  { name: 'slow', run: `echo began; sleep ${String(seconds)}; echo "$CHAINR_JOB" > /shared/name; echo over` },
  { name: 'last', run: 'cat /shared/name; echo end; echo done=yes >> "$CHAINR_OUTPUT"' },
];

/** The log of an attempt that ran to its end. */
const wholeLog = (job: string): string[] => [
  'slow stdout began',
  'slow stdout over',
  `last stdout ${job}`,
  'last stdout end',
];

/** All workers of an executor are gone at once, while many pods run. */
export const killTests =
  ({ jobs: jobCount, seconds }: Sizes) =>
  (subject: PodSubject): void => {
    const folders = useDataFolders();

    async function harm(befall: (workers: readonly Command[], group: WorkerGroup, run: RunUid) => Promise<Command[]>) {
      const home = await folders.make();
      const env = { ...briefLeases, CHAINR_CAPACITY: '100', CHAINR_REMOVAL_GRACE: '3s', ...subject.env() };
      const group = await WorkerGroup.start({ home, kind: subject.kind, env });
      try {
        const workers = [await group.startWorker(), await group.startWorker()];
        const names = Array.from({ length: jobCount }, (_, at) => `job-${String(at)}`);
        const jobs = Object.fromEntries(names.map((name) => [name, { image: 'busybox', steps: steps(seconds) }]));
        const run = await group.createRun({ kind: 'Pipeline', jobs });
        await untilFound('half of the jobs to run', () => subject.recorder().startsOf(run).length, (count) => count >= jobCount / 2, { withinMs: 200_000 }); // prettier-ignore
        const left = await befall(workers, group, run);
        await untilFinal(group.store.events, run, 300_000);
        const attempts = new Map<string, number>();
        for (const [index, name] of names.entries()) {
          const told = await group.store.runs.listAttempts(run, index);
          // Whose start was recorded, but not sent, may be Lost.
          for (const { attempt, reason } of told.slice(0, -1)) {
            expect(reason, name).to.equal('Lost');
            expect(subject.recorder().startsOf(run), name).not.to.include(`${name} ${String(attempt)} slow`);
          }
          expect(told.at(-1), name).to.include({ reason: 'Completed', exitCode: 0 });
          expect(await group.logOf(run, index, told.length), name).to.deep.equal(wholeLog(name));
          attempts.set(name, told.length);
        }
        expect(subject.recorder().doubledIn(run)).to.deep.equal([]);
        const wanted = names.flatMap((name) => ['last', 'slow'].map((step) => `${name} ${String(attempts.get(name))} ${step}`)); // prettier-ignore
        expect(subject.recorder().startsOf(run).sort()).to.deep.equal(wanted.sort());
        await subject.recorder().untilGone(run);
        for (const worker of left) worker.signal('SIGTERM');
        for (const worker of left) expect((await worker.ended).code, worker.output).to.equal(0);
      } finally {
        await group.stop();
      }
    }

    it('loses and doubles nothing when all workers are killed, and removes every pod', async function () {
      this.timeout(600_000);
      await harm(async (workers, group) => {
        for (const worker of workers) worker.signal('SIGKILL');
        for (const worker of workers) await worker.ended;
        return [await group.startWorker()];
      });
    });

    it('loses and doubles nothing when the API server restarts in the middle', async function () {
      const { standIn } = subject;
      if (!standIn) this.skip(); // Nobody restarts the API server of a cluster for a test.
      this.timeout(600_000);
      await harm(async (workers) => {
        await standIn().stopServer();
        await Promise.any(workers.map((worker) => worker.says(/"event":"executor.out"/)));
        await standIn().startServer();
        return [...workers];
      });
    });

    it('loses and doubles nothing when all workers freeze and come back after another has adopted', async function () {
      this.timeout(600_000);
      await harm(async (workers, group, run) => {
        for (const worker of workers) worker.signal('SIGSTOP');
        const third = await group.startWorker();
        const adopted = () => group.adoptionsOf(run, jobCount - 1);
        await untilFound('the adoption of the last job', adopted);
        for (const worker of workers) worker.signal('SIGCONT');
        return [...workers, third];
      });
    });
  };

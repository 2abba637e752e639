import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { isFinalRun } from '@chainr/core/engine/states';
import type { Command } from '@chainr/testkit/command';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';
import { seededNumbers } from '@chainr/testkit/written-scripts';
import type { PodSubject } from './pods.js';

/** How many runs are under way at once, and how many workers serve them. */
const runsAtOnce = 2;
const workerCount = 3;

const step = (name: string) => ({ name, run: 'for i in 0 1 2 3; do echo "line $i"; sleep 0.3; done' });
const chained = (needs: readonly string[], ...names: string[]) => ({
  image: 'busybox',
  steps: names.map(step),
  ...(needs.length > 0 && { dependsOn: needs }),
});

/** A chain, a fan-out and its end, with one, two and three steps. */
const jobs = {
  first: chained([], 'one', 'two'),
  'left-0': chained(['first'], 'one'),
  'left-1': chained(['first'], 'one', 'two', 'three'),
  'left-2': chained(['first'], 'one'),
  last: chained(['left-0', 'left-1', 'left-2'], 'one'),
};

/** Workers are killed and frozen at random for some minutes, while runs come and go. */
export const stormTests =
  (minutes: number) =>
  (subject: PodSubject): void => {
    const folders = useDataFolders();

    it(`loses and doubles nothing in ${String(minutes)} minutes of kills and freezes`, async function () {
      this.timeout((minutes + 5) * 60_000);
      const home = await folders.make();
      const env = { ...briefLeases, CHAINR_CAPACITY: '20', CHAINR_REMOVAL_GRACE: '5s', ...subject.env() };
      const group = await WorkerGroup.start({ home, kind: subject.kind, env });
      try {
        const seed = Date.now();
        console.log(`      seed ${String(seed)}`);
        const random = seededNumbers(seed);
        const over = performance.now() + minutes * 60_000;
        const deadline = over + 3 * 60_000;
        const workers: Command[] = [];
        for (let at = 0; at < workerCount; at += 1) workers.push(await group.startWorker());
        const runs: RunUid[] = [];
        const open = new Set<RunUid>();
        let [kills, freezes] = [0, 0];
        while (performance.now() < over || open.size > 0) {
          for (const run of open) if (isFinalRun((await group.store.runs.getRun(run))?.status ?? 'RUNNING')) open.delete(run); // prettier-ignore
          while (open.size < runsAtOnce && performance.now() < over) {
            const run = await group.createRun({ kind: 'Pipeline', jobs });
            runs.push(run);
            open.add(run);
          }
          await pause(500 + random() * 2_000);
          expect(performance.now(), `seed ${String(seed)}: these runs do not end: ${[...open].join(' ')}`).to.be.below(deadline); // prettier-ignore
          if (performance.now() > over) continue;
          const at = Math.floor(random() * workers.length);
          const victim = workers[at]!;
          if (random() < 0.5) {
            kills += 1;
            victim.signal('SIGKILL');
            await victim.ended;
            workers[at] = await group.startWorker();
          } else {
            freezes += 1;
            victim.signal('SIGSTOP');
            await pause(random() * 4_000);
            victim.signal('SIGCONT');
          }
        }
        let attempts = 0;
        let lost = 0;
        for (const run of runs) {
          const { status, jobCount = 0 } = (await group.store.runs.getRun(run)) ?? {};
          expect(status, `seed ${String(seed)}`).to.equal('SUCCESSFUL');
          expect(subject.recorder().doubledIn(run), `seed ${String(seed)}`).to.deep.equal([]);
          const wantedStarts: string[] = [];
          for (let index = 0; index < jobCount; index += 1) {
            const told = await group.store.runs.listAttempts(run, index);
            attempts += told.length;
            lost += told.length - 1;
            for (const { reason } of told.slice(0, -1)) expect(reason, `seed ${String(seed)}`).to.equal('Lost');
            const names = Object.values(jobs)[index]!.steps.map(({ name }) => name);
            const job = Object.keys(jobs)[index]!;
            wantedStarts.push(...names.map((name) => `${job} ${String(told.length)} ${name}`));
            const wanted = names.flatMap((name) => [0, 1, 2, 3].map((line) => `${name} stdout line ${String(line)}`));
            expect(await group.logOf(run, index, told.length), `seed ${String(seed)}`).to.deep.equal(wanted);
          }
          // None of an attempt that was Lost, and one of each step of the others.
          const starts = subject.recorder().startsOf(run).sort();
          expect(starts, `seed ${String(seed)}`).to.deep.equal(wantedStarts.sort());
        }
        for (const run of runs) await subject.recorder().untilGone(run);
        console.log(`      ${String(runs.length)} runs, ${String(attempts)} attempts (${String(lost)} Lost before they began), ${String(kills)} kills, ${String(freezes)} freezes: nothing lost, doubled or left`); // prettier-ignore
        for (const worker of workers) worker.signal('SIGTERM');
        for (const worker of workers) expect((await worker.ended).code, worker.output).to.equal(0);
      } finally {
        await group.stop();
      }
    });
  };

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import type { Command } from '@chainr/testkit/command';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { eachAtOnce } from '@chainr/testkit/each-at-once';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { processesOf, untilGone } from '@chainr/testkit/processes-of';
import { untilClosed, untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';

/**
 * Records its attempt and pid. The first attempt then waits for ever. A later one reports whether the first still runs; a
 * zombie, which stays where nobody reaps orphans, does not count.
 */
const script = `echo "$CHAINR_ATTEMPT $$" >> "$LEDGER"
if [ "$CHAINR_ATTEMPT" = 1 ]; then echo waiting; while :; do sleep 0.1; done; fi
read -r one pid < "$LEDGER"
if grep -qs '^State:.[^ZX]' "/proc/$pid/status"; then echo both; else echo alone; fi`;

interface Victims {
  home: string;
  run: RunUid;
  worker: Command;
}

const attemptFolder = ({ home, run }: Victims) => path.join(home, 'process', 'attempts', run, 'only', '1');
const pidIn = (victims: Victims, record: string) =>
  Number(readFileSync(path.join(attemptFolder(victims), record), 'utf8').split(' ')[0]);

const supervisor = (victims: Victims) => pidIn(victims, 'started');
const job = (victims: Victims) => pidIn(victims, '0.group');
const worker = (victims: Victims) => victims.worker.pid;
/** The shell that starts supervisors: its working folder is the folder of all attempts. */
const launcher = ({ home }: Victims) => {
  const found = processesOf(home).find(({ folder }) => folder === path.join(home, 'process', 'attempts'));
  if (!found) throw new Error('there is no launcher');
  return found.pid;
};

interface Row {
  what: string;
  kills: readonly ((victims: Victims) => number)[];
  /** Reason and exit code of each attempt. */
  attempts: readonly (readonly [string, number | undefined])[];
}

const madeGood = [['Lost', undefined], ['Completed', 0]] as const; // prettier-ignore
const killed = [['Signal', 137]] as const;

const rows: readonly Row[] = [
  { what: 'the supervisor', kills: [supervisor], attempts: madeGood },
  { what: 'the supervisor and the job', kills: [supervisor, job], attempts: madeGood },
  { what: 'the supervisor, the job and the worker', kills: [supervisor, job, worker], attempts: madeGood },
  { what: 'the supervisor and the worker', kills: [worker, supervisor], attempts: madeGood },
  { what: 'the job', kills: [job], attempts: killed },
  { what: 'the job and the worker', kills: [worker, job], attempts: killed },
  { what: 'the job and the launcher', kills: [launcher, job], attempts: killed },
  { what: 'the launcher and the supervisor', kills: [launcher, supervisor], attempts: madeGood },
];
const atOnce = 4;

describe('kill -9 of what runs a job', function () {
  this.timeout(120_000);
  const folders = useDataFolders();

  async function killThem({ what, kills, attempts }: Row): Promise<void> {
    const home = await folders.make();
    const ledger = path.join(home, 'ledger');
    const group = await WorkerGroup.start({ home, kind: 'process', env: briefLeases });
    try {
      const first = await group.startWorker();
      const jobs = { only: { image: 'busybox', run: script, allowFailure: true } };
      const run = await group.createRun({ kind: 'Pipeline', env: { LEDGER: ledger }, jobs });
      await untilLines(ledger, 1);
      const second = await group.startWorker();
      const victims = { home, run, worker: first };
      for (const pid of kills.map((find) => find(victims))) process.kill(pid, 'SIGKILL');
      await untilFinal(group.store.events, run);
      // A run can end before the log of its last attempt does.
      await untilClosed(group.store, run);
      const told = await group.store.runs.listAttempts(run, 0);
      expect(
        told.map(({ reason, exitCode }) => [reason, exitCode]),
        what,
      ).to.deep.equal(attempts);
      expect(linesIn(ledger), `starts, ${what}`).to.have.length(attempts.length);
      expect(await group.logOf(run, 0, 1), what).to.deep.equal(['main stdout waiting']);
      if (attempts.length > 1) expect(await group.logOf(run, 0, 2), what).to.deep.equal(['main stdout alone']);
      const ofRun = path.join(home, 'process', 'attempts', run);
      await untilGone(() => processesOf(home).filter(({ folder }) => folder.startsWith(ofRun)));
      for (const each of [first, second]) if (!kills.includes(worker) || each === second) each.signal('SIGTERM');
      expect((await second.ended).code, second.output).to.equal(0);
      await first.ended;
      console.log(
        `      ${what}: ${told.map(({ reason, exitCode = '-' }) => `${reason} ${String(exitCode)}`).join(', ')}`,
      );
    } finally {
      await group.stop();
    }
  }

  it('leads to another attempt if the end of the job was not seen, else is reported as a signal', async () => {
    await eachAtOnce(rows, atOnce, killThem);
  });
});

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { keys } from '@chainr/core/store/redis/keys';
import type { Command } from '@chainr/testkit/command';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { processesOf } from '@chainr/testkit/processes-of';
import { statusAndReason } from '@chainr/testkit/statuses';
import { untilFound } from '@chainr/testkit/until-found';
import { untilEvent, untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';

const adopted = /"event":"attempt.adopted"/;
const leaseLost = /"event":"lease.lost"/;
/** Prints nothing, and runs until it is told to end. */
const silent = 'echo "$$" >> "$LEDGER"; while [ ! -e "$LEDGER.go" ]; do sleep 0.1; done';

describe('workers that die again and again beside one job', function () {
  this.timeout(180_000);
  const folders = useDataFolders();
  let home: string;
  let group: WorkerGroup;
  beforeEach(async () => {
    home = await folders.make();
    group = await WorkerGroup.start({ home, kind: 'process', env: { ...briefLeases, CHAINR_STOP_GRACE: '3s' } });
  });
  afterEach(() => group.stop());

  const ledger = () => path.join(home, 'ledger');
  const create = (jobs: object, more: object = {}) =>
    group.createRun({ kind: 'Pipeline', env: { LEDGER: ledger() }, jobs, ...more });
  /** The processes of a job. */
  const processes = (run: RunUid, job = 'only') =>
    processesOf(home).filter(({ folder }) => folder.startsWith(path.join(home, 'process', 'attempts', run, job)));
  const attemptsOf = async (run: RunUid, index = 0) =>
    (await group.store.runs.listAttempts(run, index)).map(statusAndReason);
  /** Starts a worker and kills it as soon as it has adopted the job. */
  async function dieOfAdoption(more: NodeJS.ProcessEnv = {}): Promise<void> {
    const worker = await group.startWorker(undefined, more);
    await worker.says(adopted);
    await kill(worker);
  }
  async function kill(worker: Command): Promise<void> {
    worker.signal('SIGKILL');
    await worker.ended;
  }
  async function endInOrder(worker: Command): Promise<void> {
    worker.signal('SIGTERM');
    expect((await worker.ended).code, worker.output).to.equal(0);
  }
  /** Waits for the end of the run, and fails if something of the job still runs. */
  async function endOf(run: RunUid, job = 'only'): Promise<void> {
    await untilFinal(group.store.events, run);
    expect(processes(run, job), 'what is called ended does not run').to.deep.equal([]);
  }

  it('end a job that kills each of them, after its process', async () => {
    const first = await group.startWorker();
    const run = await create({ only: { image: 'busybox', run: 'echo "$$" >> "$LEDGER"; sleep 600' } });
    await untilEvent(group.store.events, (event) => event.kind === 'job.reason' && event.reason === 'Executing');
    await kill(first);
    for (let death = 1; death <= 5; death += 1) await dieOfAdoption();
    expect(await attemptsOf(run)).to.deep.equal(['RUNNING Executing']);
    const last = await group.startWorker();
    await endOf(run);
    expect(await attemptsOf(run)).to.deep.equal(['FAILED WorkerCrashed']);
    expect(linesIn(ledger()), 'starts').to.have.length(1);
    await endInOrder(last);
  });

  it('do no harm to a silent job if they live on for a while', async () => {
    let worker = await group.startWorker();
    const run = await create({ only: { image: 'busybox', run: silent } });
    await untilLines(ledger(), 1);
    for (let death = 1; death <= 7; death += 1) {
      await group.untilRenewed(5);
      await kill(worker);
      worker = await group.startWorker();
      await worker.says(adopted);
    }
    await goOn(run);
    await endInOrder(worker);
  });

  it('that only froze and come back do no harm to a silent job', async () => {
    let holder = await group.startWorker();
    const run = await create({ only: { image: 'busybox', run: silent } });
    await untilLines(ledger(), 1);
    let other = await group.startWorker();
    for (let stall = 1; stall <= 7; stall += 1) {
      const [taken, lost] = [count(other, adopted), count(holder, leaseLost)];
      holder.signal('SIGSTOP');
      await untilFound(
        'an adoption',
        () => count(other, adopted),
        (now) => now > taken,
      );
      holder.signal('SIGCONT');
      await untilFound(
        'a lost lease',
        () => count(holder, leaseLost),
        (now) => now > lost,
      );
      [holder, other] = [other, holder];
    }
    await goOn(run);
    for (const worker of [holder, other]) await endInOrder(worker);
  });

  it('keep it RUNNING, with its slot, until its process has been stopped', async () => {
    const deaf = `trap '' TERM; echo "$CHAINR_JOB" >> "$LEDGER"; while :; do sleep 0.1; done`;
    const next = {
      image: 'busybox',
      dependsOn: [{ job: 'only', conditions: { failure: true } }],
      run: 'echo "$CHAINR_JOB" >> "$LEDGER"',
    };
    const patient = { CHAINR_STOP_GRACE: '10m' };
    const first = await group.startWorker(undefined, patient);
    const jobs = {
      only: { image: 'busybox', timeout: '1s', run: deaf },
      beside: { image: 'busybox', run: next.run },
      next,
    };
    const run = await create(jobs, { maxParallel: 1 });
    await untilLines(ledger(), 1);
    await first.says(/"started"/);
    // They die after they were told to stop it, before the grace is over.
    await untilStopTold(run);
    await kill(first);
    for (let death = 1; death <= 3; death += 1) await dieOfAdoption(patient);
    const last = await group.startWorker();
    await untilEvent(group.store.events, (event) => event.kind === 'job.status' && event.job === 'only' && event.status === 'FAILED'); // prettier-ignore
    expect(processes(run), 'what is called ended does not run').to.deep.equal([]);
    await untilFinal(group.store.events, run);
    expect(await attemptsOf(run)).to.deep.equal(['FAILED TimedOut']);
    expect(linesIn(ledger())).to.have.members(['only', 'beside', 'next']);
    await endInOrder(last);
  });

  async function untilStopTold(run: RunUid): Promise<void> {
    const look = () => group.client.hget(keys.stops(1), `${run}.0.1`);
    await untilFound('a worker to be told of the stop', look, (stop) => stop?.includes('.') === true);
  }

  async function goOn(run: RunUid): Promise<void> {
    expect(await attemptsOf(run)).to.deep.equal(['RUNNING Executing']);
    await writeFile(`${ledger()}.go`, '');
    await untilFinal(group.store.events, run);
    expect(await attemptsOf(run)).to.deep.equal(['SUCCESSFUL Completed']);
    expect(linesIn(ledger()), 'starts').to.have.length(1);
  }
});

const count = ({ output }: Command, words: RegExp): number => output.match(new RegExp(words.source, 'g'))?.length ?? 0;

import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { ledgerOf, lineOf, tenJobs } from './ledger-pipeline.js';
import { killAllOf, killServersOf, processesOf, serversOf, untilGone } from '@chainr/testkit/processes-of';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { statusAndReason } from '@chainr/testkit/statuses';
import { createRun, endOfRun, logOf, statusChangesOf } from './runs.js';
import { startUp } from './start-up.js';

const capacity = { CHAINR_CAPACITY: '4' };
const lines = 50;
const fewLines = 30;
const jobNames = Array.from({ length: 10 }, (_, at) => `job-${String(at)}`);
const wholeLog = (job: string) => Array.from({ length: lines }, (_, number) => lineOf(job, number));

describe('kill -9 of chainr up, Redis included', function () {
  this.timeout(120_000);
  const folders = useDataFolders();

  /** Kill when this many of the ten jobs have started; 0: as soon as the run is accepted. */
  async function killWhen(started: number): Promise<void> {
    const home = await folders.make();
    const first = await startUp(home, capacity);
    const uid = await createRun(first.client, tenJobs(home, lines));
    if (started > 0) await untilLines(ledgerOf(home), started);
    await killServersOf(home);
    await untilGone(() => serversOf(home));

    const { client } = await startUp(home, capacity);
    const run = await endOfRun(client, uid);
    const when = `killed when ${String(started)} had started`;
    expect(run.status, when).to.equal('SUCCESSFUL');
    const once = jobNames.map((name) => `${name} 1`);
    expect(linesIn(ledgerOf(home)).sort(), when).to.deep.equal(once);
    for (const name of jobNames) {
      expect(await logOf(client, uid, name), `${name}, ${when}`).to.deep.equal(wholeLog(name));
      expect(await statusChangesOf(client, uid, name), `${name}, ${when}`).to.deep.equal(['RUNNING', 'SUCCESSFUL']);
    }
  }

  it('starts no job twice and neither loses nor doubles a log line, whenever it happens', async () => {
    await Promise.all([0, 2, 6].map(killWhen));
  });

  it('and of all jobs: running ones are Lost, keep their output, and run again', async () => {
    const home = await folders.make();
    const first = await startUp(home, capacity);
    const uid = await createRun(first.client, tenJobs(home, fewLines));
    await untilLines(ledgerOf(home), 4);
    await killAllOf(home);
    const ran = linesIn(ledgerOf(home)).map((line) => line.split(' ')[0] ?? '');
    await untilGone(() => processesOf(home));

    const { client } = await startUp(home, capacity);
    const run = await endOfRun(client, uid);
    expect(run.status).to.equal('SUCCESSFUL');
    for (const { name } of run.jobs) {
      const attempts = (await client.getJob(uid, name)).attempts.map(statusAndReason);
      const lost = ran.includes(name) ? ['FAILED Lost'] : [];
      expect(attempts, name).to.deep.equal([...lost, 'SUCCESSFUL Completed']);
      for (const attempt of attempts.keys()) {
        const log = await logOf(client, uid, name, attempt + 1);
        expect(log, name).to.deep.equal(wholeLog(name).slice(0, log.length));
        if (attempt === attempts.length - 1) expect(log).to.have.length(fewLines);
      }
    }
    const starts = [...jobNames.map((name) => `${name} 1`), ...ran.map((name) => `${name} 2`)];
    expect(linesIn(ledgerOf(home)).sort()).to.deep.equal(starts.sort());
  });
});

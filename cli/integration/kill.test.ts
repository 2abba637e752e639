import { expect } from 'chai';
import { useDataFolders } from './data-folders.js';
import { ledgerOf, lineOf, tenJobs } from './ledger-pipeline.js';
import { killAll, processesOf, serversOf, untilGone } from './processes-of.js';
import { createRun, endOfRun, linesIn, logOf, statusChangesOf, untilLines } from './runs.js';
import { startUp } from './start-up.js';

const capacity = { CHAINR_CAPACITY: '4' };
const lines = 50;
const fewLines = 20;
const jobNames = Array.from({ length: 10 }, (_, at) => `job-${String(at)}`);
const wholeLog = (job: string) => Array.from({ length: lines }, (_, number) => lineOf(job, number));

describe('kill -9 of chainr up, Redis included', function () {
  this.timeout(120_000);
  const folders = useDataFolders();

  /** When to kill: once so many of the ten jobs have started; 0: as soon as the run is accepted. */
  async function killWhen(started: number): Promise<void> {
    const home = await folders.make();
    const first = await startUp(home, capacity);
    const uid = await createRun(first.client, tenJobs(home, lines));
    if (started > 0) await untilLines(ledgerOf(home), started);
    killAll(serversOf(home));
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

  it('starts no job twice and loses or doubles no line of a log, whenever it comes', async () => {
    await Promise.all([0, 2, 6].map(killWhen));
  });

  it('and of all jobs too: those that ran are Lost, with all that they had written, and the others run', async () => {
    const home = await folders.make();
    const first = await startUp(home, capacity);
    const uid = await createRun(first.client, tenJobs(home, fewLines));
    await untilLines(ledgerOf(home), 4);
    const ran = linesIn(ledgerOf(home)).map((line) => line.split(' ')[0] ?? '');
    killAll(processesOf(home));
    await untilGone(() => processesOf(home));

    const { client } = await startUp(home, capacity);
    const run = await endOfRun(client, uid);
    expect(run.status).to.equal('FAILED');
    for (const { name, status, reason } of run.jobs) {
      const expected = ran.includes(name) ? ['FAILED', 'Lost'] : ['SUCCESSFUL', 'Completed'];
      expect([status, reason], name).to.deep.equal(expected);
      const log = await logOf(client, uid, name);
      expect(log, name).to.deep.equal(wholeLog(name).slice(0, log.length));
      if (status === 'SUCCESSFUL') expect(log).to.have.length(fewLines);
    }
    expect(linesIn(ledgerOf(home))).to.have.length(10);
  });
});

import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { ledgerOf, tenJobs } from './ledger-pipeline.js';
import { processesOf, untilGone } from '@chainr/testkit/processes-of';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { createRun, endOfRun } from './runs.js';
import { startUp } from './start-up.js';

/** Until this file exists, jobs ignore SIGTERM and do not end. */
const calmOf = (home: string) => `${ledgerOf(home)}.calm`;
const deaf = `[ -e "$LEDGER.calm" ] || { trap '' TERM; echo "$CHAINR_JOB deaf" >> "$LEDGER"; sleep 60; }`;
const four = { CHAINR_CAPACITY: '4' };

describe('stopping chainr up while jobs run', function () {
  this.timeout(120_000);
  const folders = useDataFolders();

  it('stops the jobs, leaves nothing running, and starts them again at the next start', async () => {
    const home = await folders.make();
    const first = await startUp(home, four);
    const uid = await createRun(first.client, tenJobs(home, 10));
    await untilLines(ledgerOf(home), 6);
    first.signal('SIGTERM');
    expect(await first.ended).to.deep.equal({ code: 0, signal: null });
    expect(first.output).to.match(/Stopping: \d running jobs? may take a few seconds to end/);
    await untilGone(() => processesOf(home));

    const second = await startUp(home, four);
    const run = await endOfRun(second.client, uid);
    expect(run.status).to.equal('SUCCESSFUL');
    const starts = linesIn(ledgerOf(home));
    expect(new Set(starts), 'no attempt twice').to.have.property('size', starts.length);
    const repeated = starts.filter((line) => line.endsWith(' 2')).map((line) => line.split(' ')[0] ?? '');
    expect(repeated.length).to.be.within(1, 4);
    for (const { name } of run.jobs) {
      const { attempts } = await second.client.getJob(uid, name);
      expect(attempts.map(({ attempt }) => attempt)).to.deep.equal(repeated.includes(name) ? [1, 2] : [1]);
      if (repeated.includes(name)) expect(attempts[0]).to.include({ status: 'PENDING', reason: 'Interrupted' });
    }
  });

  it('kills a job that ignores SIGTERM when its grace is over', async () => {
    const home = await folders.make();
    const first = await startUp(home, { ...four, CHAINR_STOP_GRACE: '1s' });
    const uid = await createRun(first.client, tenJobs(home, 1, deaf));
    await untilLines(ledgerOf(home), 4);
    const begun = performance.now();
    first.signal('SIGTERM');
    expect(await first.ended).to.deep.equal({ code: 0, signal: null });
    expect(performance.now() - begun).to.be.at.least(900);
    await untilGone(() => processesOf(home));

    await writeFile(calmOf(home), '');
    const { client } = await startUp(home, four);
    expect((await endOfRun(client, uid)).status).to.equal('SUCCESSFUL');
  });

  it('kills running jobs at a second Ctrl-C more than a second later', async () => {
    const home = await folders.make();
    const up = await startUp(home, { ...four, CHAINR_STOP_GRACE: '10m' });
    await createRun(up.client, tenJobs(home, 1, deaf));
    await untilLines(ledgerOf(home), 4);
    up.signal('SIGINT');
    await up.says(/Stopping/);
    up.signal('SIGINT'); // `make` passes on the same Ctrl-C.
    await pause(1_100); // A signal within a second counts as the same one. There is no other condition to wait for.
    expect(processesOf(home), 'one Ctrl-C, twice within a second').to.have.length.above(4);
    up.signal('SIGINT');
    expect(await up.ended).to.deep.equal({ code: 0, signal: null });
    await untilGone(() => processesOf(home));
  });

  it('starts a job again that was handling SIGTERM when chainr was killed', async () => {
    const home = await folders.make();
    const first = await startUp(home, four);
    const handles = `[ -e "$LEDGER.calm" ] || { trap 'echo "$CHAINR_JOB asked" >> "$LEDGER"; sleep 1; exit 143' TERM; echo "$CHAINR_JOB deaf" >> "$LEDGER"; while :; do sleep 0.1; done; }`;
    const uid = await createRun(first.client, tenJobs(home, 1, handles));
    await untilLines(ledgerOf(home), 4);
    const { length } = linesIn(ledgerOf(home));
    process.kill(first.pid, 'SIGTERM');
    await untilLines(ledgerOf(home), length + 1);
    first.signal('SIGKILL');
    await first.ended;
    await writeFile(calmOf(home), '');

    const second = await startUp(home, four);
    const run = await endOfRun(second.client, uid);
    expect(run.status).to.equal('SUCCESSFUL');
    const asked = linesIn(ledgerOf(home)).filter((line) => line.endsWith(' asked')).map((line) => line.split(' ')[0] ?? ''); // prettier-ignore
    expect(asked).to.have.length.above(0);
    for (const name of asked) {
      const { attempts } = await second.client.getJob(uid, name);
      expect(attempts.map(({ reason }) => reason)).to.deep.equal(['Interrupted', 'Completed']);
    }
  });
});

import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { ledgerOf, lineOf, tenJobs } from './ledger-pipeline.js';
import { killServersOf, processesOf, serversOf, untilGone } from '@chainr/testkit/processes-of';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { untilFound } from '@chainr/testkit/until-found';
import { createRun, endOfRun, logOf } from './runs.js';
import { beginUp, startUp } from './start-up.js';

const sleeper = { kind: 'Pipeline', jobs: { only: { image: 'busybox', run: 'sleep 60' } } };
const oneSentence = /^chainr: [^\n]+\.\n$/;

describe('instances of chainr up on one machine', function () {
  this.timeout(120_000);
  const folders = useDataFolders();

  it('do not see each other', async () => {
    const homes = [await folders.make(), await folders.make()] as const;
    const [one, other] = await Promise.all(homes.map((home) => startUp(home)));
    const uid = await createRun(one!.client, tenJobs(homes[0], 1));
    expect((await endOfRun(one!.client, uid)).status).to.equal('SUCCESSFUL');
    expect((await other!.client.listRuns()).items).to.deep.equal([]);
    one!.signal('SIGINT');
    expect(await one!.ended).to.include({ code: 0 });
    expect((await other!.client.listRuns()).items, 'goes on alone').to.deep.equal([]);
  });

  it('refuse a folder or a port in use with one sentence, and change nothing', async () => {
    const [home, elsewhere] = [await folders.make(), await folders.make()];
    const before = await startUp(elsewhere);
    const uid = await createRun(before.client, sleeper);
    const running = () => processesOf(elsewhere).map(({ command }) => command);
    await untilFound('the sleep of the job', running, (commands) => commands.includes('sleep 60'));
    await killServersOf(elsewhere);

    const first = await startUp(home);
    const sameFolder = beginUp(home);
    const samePort = beginUp(elsewhere, { PORT: new URL(first.url).port });
    expect(await sameFolder.ended).to.include({ code: 2 });
    expect(sameFolder.output).to.match(oneSentence).and.contain(home).and.contain('CHAINR_HOME');
    expect(await samePort.ended).to.include({ code: 2 });
    expect(samePort.output).to.match(oneSentence).and.contain('it is taken').and.contain('PORT');

    await untilGone(() => serversOf(elsewhere));
    const { client } = await startUp(elsewhere);
    const { attempts, status } = await client.getJob(uid, 'only');
    expect([status, attempts.length]).to.deep.equal(['RUNNING', 1]);
  });

  it('work in a folder whose path is too long for a socket', async () => {
    const folder = await folders.make();
    const home = path.join(folder, 'a-long-name'.repeat(12));
    await mkdir(home);
    const up = await startUp(home, { TMPDIR: folder });
    const uid = await createRun(up.client, {
      kind: 'Pipeline',
      jobs: { only: { image: 'busybox', run: 'echo here' } },
    });
    expect((await endOfRun(up.client, uid)).status).to.equal('SUCCESSFUL');
    expect(await logOf(up.client, uid, 'only')).to.deep.equal(['here']);
    up.signal('SIGINT');
    expect(await up.ended).to.include({ code: 0 });
    await untilGone(() => processesOf(home));
  });

  it('start their Redis again when it is killed, and running jobs end as they would have', async () => {
    const home = await folders.make();
    const { client } = await startUp(home, { CHAINR_CAPACITY: '10' });
    const uid = await createRun(client, tenJobs(home, 30));
    await untilLines(ledgerOf(home), 10);
    process.kill(Number(await readFile(path.join(home, 'redis', 'redis.pid'), 'utf8')), 'SIGKILL');
    const run = await endOfRun(client, uid);
    expect(run.status).to.equal('SUCCESSFUL');
    expect(linesIn(ledgerOf(home))).to.have.length(10);
    for (const { name } of run.jobs) {
      const expected = Array.from({ length: 30 }, (_, number) => lineOf(name, number));
      expect(await logOf(client, uid, name), name).to.deep.equal(expected);
    }
  });
});

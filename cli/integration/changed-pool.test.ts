import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { untilLines } from '@chainr/testkit/lines-in';
import { useDockerDaemon } from '@chainr/testkit/use-docker-daemon';
import { ledgerOf } from './ledger-pipeline.js';
import { createRun, endOfRun, logOf, statusesOf } from './runs.js';
import { startUp, type Up } from './start-up.js';

const tellPlace = '[ "$CHAINR_WORKSPACE" = /shared ] && echo container || echo process';
const poolsOf = async ({ client }: Up) =>
  [...new Set((await client.listWorkers()).items.map(({ pool }) => pool))].sort();
const end = async (up: Up, signal: 'SIGTERM' | 'SIGKILL') => {
  up.signal(signal);
  await up.ended;
};

describe('chainr up started again with another pool', function () {
  this.timeout(120_000);
  const folders = useDataFolders();
  let home: string;
  beforeEach(async () => (home = await folders.make()));

  /** `first` runs until a file exists; `second` starts after it. */
  const twoJobs = () => ({
    kind: 'Pipeline',
    env: { LEDGER: ledgerOf(home) },
    jobs: {
      first: { image: 'none', run: 'echo begun >> "$LEDGER"\nwhile [ ! -e "$LEDGER.go" ]; do sleep 0.1; done' },
      second: { image: 'none', run: tellPlace, dependsOn: ['first'] },
    },
  });

  for (const [signal, attempts] of [
    ['SIGTERM', ['Interrupted', 'Completed']],
    ['SIGKILL', ['Completed']],
  ] as const)
    it(`finishes a run of the pool before, after ${signal}`, async () => {
      const first = await startUp(home, { CHAINR_POOL: 'blue' });
      const uid = await createRun(first.client, twoJobs());
      await untilLines(ledgerOf(home), 1);
      await end(first, signal);

      const second = await startUp(home);
      await writeFile(`${ledgerOf(home)}.go`, '');
      const run = await endOfRun(second.client, uid);
      expect(statusesOf(run)).to.eql({ first: 'SUCCESSFUL', second: 'SUCCESSFUL' });
      expect(run.metadata.pool).to.equal('blue');
      const job = await second.client.getJob(uid, 'first');
      expect(job.attempts.map(({ reason }) => reason)).to.eql(attempts);
      expect(await poolsOf(second)).to.eql(['blue', 'process']);
      const next = await endOfRun(second.client, await createRun(second.client, twoJobs()));
      expect([next.status, next.metadata.pool]).to.eql(['SUCCESSFUL', 'process']);
    });

  it('starts no worker for a pool without unfinished runs', async () => {
    const first = await startUp(home, { CHAINR_POOL: 'blue' });
    const jobs = { only: { image: 'none', run: tellPlace } };
    await endOfRun(first.client, await createRun(first.client, { kind: 'Pipeline', jobs }));
    await end(first, 'SIGTERM');
    expect(await poolsOf(await startUp(home))).to.eql(['process']);
  });

  it('starts no worker for a pool that none has served', async () => {
    const first = await startUp(home);
    const jobs = { waits: { image: 'none', run: tellPlace, pool: 'never' } };
    const uid = await createRun(first.client, { kind: 'Pipeline', jobs });
    await end(first, 'SIGTERM');
    const second = await startUp(home, { CHAINR_POOL: 'blue' });
    expect(await poolsOf(second)).to.eql(['blue']);
    expect((await second.client.explainJob(uid, 'waits')).sentence).to.match(/its pool never has no worker \(pools with workers: blue\)/); // prettier-ignore
  });
});

describe('chainr up started again with another executor', function () {
  this.timeout(180_000);
  const daemon = useDockerDaemon();
  const folders = useDataFolders();
  let home: string;
  let uid: string;

  /** Its jobs are in containers: one waits for a file there, the other starts after it. */
  beforeEach(async () => {
    home = await folders.make();
    const first = await startUp(home, { CHAINR_EXECUTOR: 'docker', ...address(), CHAINR_STOP_GRACE: '1s' });
    const jobs = {
      first: { image: 'busybox', run: `${tellPlace}\n[ "$CHAINR_ATTEMPT" = 2 ] || while :; do sleep 0.1; done` },
      second: { image: 'busybox', run: tellPlace, dependsOn: ['first'] },
    };
    uid = await createRun(first.client, { kind: 'Pipeline', jobs });
    for await (const { text } of first.client.readLogLines(uid, 'first', { follow: true }))
      if (text === 'container') break;
    await end(first, 'SIGTERM');
  });
  const address = () => ({ CHAINR_DOCKER_HOST: `unix://${daemon.socketPath}` });
  const ownRun = async ({ client }: Up) =>
    endOfRun(client, await createRun(client, { kind: 'Pipeline', jobs: { own: { image: 'none', run: tellPlace } } }));

  it('finishes a run in containers, while new runs are processes', async () => {
    const second = await startUp(home, address());
    expect((await ownRun(second)).metadata.pool).to.equal('process');
    const run = await endOfRun(second.client, uid);
    expect(statusesOf(run)).to.eql({ first: 'SUCCESSFUL', second: 'SUCCESSFUL' });
    expect(await logOf(second.client, uid, 'second')).to.eql(['container']);
    expect(await poolsOf(second)).to.eql(['docker', 'process']);
  });

  it('runs what it can if the other executor is away, and says that the rest waits', async () => {
    const second = await startUp(home, { CHAINR_DOCKER_HOST: `unix://${home}/no.sock` });
    expect((await ownRun(second)).status).to.equal('SUCCESSFUL');
    expect((await second.client.getRun(uid)).status).to.equal('RUNNING');
    expect((await second.client.explainJob(uid, 'first')).sentence).to.match(/its pool docker has no worker/);
    expect(await readFile(`${home}/chainr.log`, 'utf8')).to.match(/"event":"worker.missing","pool":"docker"/);
    await end(second, 'SIGTERM');
    const third = await startUp(home, address());
    expect((await endOfRun(third.client, uid)).status).to.equal('SUCCESSFUL');
  });
});

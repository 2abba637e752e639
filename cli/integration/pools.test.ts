import { expect } from 'chai';
import { Command } from '@chainr/testkit/command';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { untilFound } from '@chainr/testkit/until-found';
import { useDockerDaemon } from '@chainr/testkit/use-docker-daemon';
import { createRun, endOfRun, logOf, statusesOf } from './runs.js';
import { startUp, type Up } from './start-up.js';

/** Where a job runs, as it sees it itself. */
const tellPlace = '[ "$CHAINR_WORKSPACE" = /shared ] && echo container || echo process';

describe('chainr up beside workers of other pools', function () {
  this.timeout(180_000);
  const daemon = useDockerDaemon();
  const folders = useDataFolders();
  let home: string;
  let up: Up;

  // The folders end all that runs in them.
  beforeEach(async () => {
    home = await folders.make();
    up = await startUp(home, { ...containers(), CHAINR_STOP_GRACE: '1s' });
  });

  const containers = () => ({ CHAINR_EXECUTOR: 'docker', CHAINR_DOCKER_HOST: `unix://${daemon.socketPath}` });
  /** A worker on the Redis of `chainr up`. */
  function begin(name: string, env: Record<string, string>): Command {
    return new Command('work/src/main.ts', [], {
      CHAINR_HOME: `${home}/${name}`,
      CHAINR_REDIS_URL: `unix:${home}/sockets/redis.sock`,
      CHAINR_LISTEN: `unix:${home}/${name}.sock`,
      ...env,
    });
  }
  async function start(name: string, env: Record<string, string>): Promise<void> {
    await begin(name, env).says(/"msg":"started"/);
  }
  const why = async (run: string, job: string) => (await up.client.explainJob(run, job)).sentence;

  it('runs two jobs of one run in two pools, one as a process and one in a container', async () => {
    await start('beside', { CHAINR_EXECUTOR: 'process' });
    const run = await createRun(up.client, {
      kind: 'Pipeline',
      jobs: {
        inside: { image: 'busybox', run: `${tellPlace}; echo value=1 >> "$CHAINR_OUTPUT"` },
        outside: {
          image: 'none',
          run: `${tellPlace}; echo "$VALUE"`,
          pool: 'process',
          env: { VALUE: '${{ jobs.inside.outputs.value }}' },
          dependsOn: ['inside'],
        },
        'inside-again': { image: 'busybox', run: tellPlace, dependsOn: ['outside'] },
      },
    });
    const ended = await endOfRun(up.client, run);
    expect(statusesOf(ended)).to.deep.equal({ inside: 'SUCCESSFUL', outside: 'SUCCESSFUL', 'inside-again': 'SUCCESSFUL' }); // prettier-ignore
    expect(ended.metadata.pool).to.equal('docker');
    expect(await logOf(up.client, run, 'inside')).to.deep.equal(['container']);
    expect(await logOf(up.client, run, 'outside')).to.deep.equal(['process', '1']);
    expect(await logOf(up.client, run, 'inside-again')).to.deep.equal(['container']);
    const { items } = await up.client.listWorkers();
    expect(items.map(({ pool, executor }) => [pool, executor])).to.have.deep.members([
      ['docker', 'docker'],
      ['process', 'process'],
    ]);
  });

  it('explains a pool without workers, and runs its job once one comes', async () => {
    const jobs = { waits: { image: 'none', run: tellPlace, pool: 'gpu' }, runs: { image: 'busybox', run: 'exit 0' } };
    const run = await createRun(up.client, { kind: 'Pipeline', jobs });
    const statusOf = async (job: string) => (await up.client.getJob(run, job)).status;
    await untilFound(
      'the end of the job in the default pool',
      () => statusOf('runs'),
      (status) => status === 'SUCCESSFUL',
    );
    expect(await why(run, 'waits')).to.match(/: its pool gpu has no worker \(pools with workers: docker\)\.$/);
    await start('gpu', { CHAINR_EXECUTOR: 'process', CHAINR_POOL: 'gpu' });
    expect(statusesOf(await endOfRun(up.client, run))).to.deep.equal({ waits: 'SUCCESSFUL', runs: 'SUCCESSFUL' });
    expect(await logOf(up.client, run, 'waits')).to.deep.equal(['process']);
  });

  it('refuses a worker whose executor is not that of its pool', async () => {
    const worker = begin('wrong', { CHAINR_EXECUTOR: 'process', CHAINR_POOL: 'docker' });
    const { code } = await worker.ended;
    expect(code).to.not.equal(0);
    expect(worker.output).to.match(/The pool docker has workers with the executor docker, such as \S+, but this worker has process: give it another pool \(CHAINR_POOL\)/); // prettier-ignore
  });
});

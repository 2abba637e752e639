import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { keys } from '@chainr/core/store/redis/keys';
import { attemptFlags, unpackRow } from '@chainr/core/store/script/layout';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { dockerCommand } from '@chainr/testkit/docker-command';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { processesOf } from '@chainr/testkit/processes-of';
import { statusAndReason } from '@chainr/testkit/statuses';
import { untilFound } from '@chainr/testkit/until-found';
import { useDockerDaemon } from '@chainr/testkit/use-docker-daemon';
import { createRun, endOfRun } from './runs.js';
import { startUp, type Up } from './start-up.js';

/** The first attempt reports SIGTERM, waits for /go, and then exits as if killed by the signal. */
const handles = `[ "$CHAINR_ATTEMPT" = 1 ] || { echo again; exit 0; }
trap 'echo asked; while [ ! -e /go ]; do sleep 0.1; done; exit 143' TERM
echo ready
while [ ! -e /go ]; do sleep 0.1; done
echo calm`;

describe('chainr up that is killed while it stops its containers', function () {
  this.timeout(120_000);
  const daemon = useDockerDaemon();
  const folders = useDataFolders();
  let home: string;
  let first: Up;
  let run: RunUid;
  let container: string;
  let redis: Awaited<ReturnType<typeof openRedisClient>> | undefined;

  const docker = (...args: string[]): Promise<string[]> => dockerCommand(daemon.socketPath, args);
  const start = (grace: string): Promise<Up> =>
    startUp(home, {
      CHAINR_EXECUTOR: 'docker',
      CHAINR_DOCKER_HOST: `unix://${daemon.socketPath}`,
      CHAINR_STOP_GRACE: grace,
      CHAINR_REMOVAL_GRACE: '10m',
    });
  const untilWritten = async (line: string): Promise<void> => {
    const look = () => docker('logs', container);
    await untilFound(`${line} in the log of the container`, look, (lines) => lines.includes(line));
  };
  const isInterrupted = async (): Promise<boolean> => {
    const row = await redis?.hgetBuffer(keys.run(run), '0');
    return ((row ? (unpackRow(row).section?.flags ?? 0) : 0) & attemptFlags.interrupted) !== 0;
  };
  const kill = async (up: Up): Promise<void> => {
    up.signal('SIGKILL');
    await up.ended;
  };
  const letGo = async (): Promise<void> => {
    await docker('exec', container, 'touch', '/go');
    await docker('wait', container);
  };
  const endsOf = async ({ client }: Up): Promise<string[]> => {
    await endOfRun(client, run);
    const { attempts } = await client.getJob(run, 'only');
    return attempts.map(statusAndReason);
  };
  const started = (): Promise<string[]> => docker('ps', '--all', '--quiet', '--filter', `label=chainr.run=${run}`);

  beforeEach(async () => {
    home = await folders.make();
    first = await start('10m');
    run = await createRun(first.client, { kind: 'Pipeline', jobs: { only: { image: 'busybox', run: handles } } });
    const look = async () => (await docker('ps', '--quiet', '--filter', `label=chainr.run=${run}`))[0] ?? '';
    container = await untilFound('the container of the job', look);
    await untilWritten('ready');
    redis = await openRedisClient(`unix:${home}/sockets/redis.sock`);
  });
  afterEach(() => redis?.disconnect());

  /** Signals only the process of chainr, and waits until its job handles SIGTERM. */
  const ask = async (): Promise<void> => {
    process.kill(first.pid, 'SIGTERM');
    await untilWritten('asked');
    expect(await isInterrupted(), 'recorded before the signal').to.equal(true);
  };

  it('starts a job again that handled SIGTERM and exited while no worker ran', async () => {
    await ask();
    await kill(first);
    await letGo();
    const second = await start('10m');
    expect(await endsOf(second)).to.deep.equal(['PENDING Interrupted', 'SUCCESSFUL Completed']);
  });

  it('kills a job that still handles SIGTERM after the grace, and starts it again', async () => {
    await ask();
    await kill(first);
    const second = await start('1s');
    expect(await endsOf(second)).to.deep.equal(['PENDING Interrupted', 'SUCCESSFUL Completed']);
    expect(await docker('logs', container)).to.deep.equal(['ready', 'asked']);
  });

  it('continues a job without a recorded interruption, since it was not told to stop', async () => {
    // A Redis that is frozen and then killed records nothing.
    const pid = Number(await readFile(path.join(home, 'redis', 'redis.pid'), 'utf8'));
    process.kill(pid, 'SIGSTOP');
    process.kill(first.pid, 'SIGTERM');
    await first.says(/Stopping/);
    const log = path.join(home, 'chainr.log');
    await untilFound(
      'redis.away in its log',
      () => readFile(log, 'utf8'),
      (text) => text.includes('redis.away'),
    );
    expect(await docker('logs', container), 'nothing is signalled before that').to.deep.equal(['ready']);
    await kill(first);
    process.kill(pid, 'SIGKILL');
    await untilFound('Redis to be gone', () => !processesOf(home).some((found) => found.pid === pid));

    const second = await start('10m');
    await letGo();
    expect(await endsOf(second)).to.deep.equal(['SUCCESSFUL Completed']);
    expect(await docker('logs', container)).to.deep.equal(['ready', 'calm']);
    expect(await started()).to.deep.equal([container]);
  });
});

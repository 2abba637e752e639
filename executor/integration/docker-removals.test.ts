import { expect } from 'chai';
import type Docker from 'dockerode';
import { execFileSync } from 'node:child_process';
import { untilFound } from '@chainr/testkit/until-found';
import { connectToDaemon } from '../src/docker/connect-to-daemon.js';
import { unless } from '../src/docker/daemon-errors.js';
import { containerName } from '../src/docker/names.js';
import type { AttemptSpec } from '../src/port.js';
import { allow, attemptOf, never, runToEnd, withExecutor } from '../suite/place.js';
import { useDockerPlace } from './docker-place.js';
import { startRefusingDaemon } from './refusing-daemon.js';
import { startsOf } from './starts-of.js';

const image = 'busybox';

/** People and cron jobs remove containers (`docker rm`, `docker container prune`) while no worker looks. */
describe('containers that somebody else removes', function () {
  this.timeout(120_000);
  const place = useDockerPlace();
  let docker: Docker;
  before(() => {
    docker = connectToDaemon(place.socketPath);
  });

  const nameOf = (spec: AttemptSpec, step = 0): string => containerName(place.instance, spec, step);
  const cli = (...args: string[]): string =>
    execFileSync('docker', ['--host', `unix://${place.socketPath}`, ...args], { encoding: 'utf8' });
  /** Waits until the step runs, according to the daemon. */
  const runningOf = (spec: AttemptSpec, step: number) =>
    untilFound(`step ${String(step)} to run`, async () => {
      const found = await unless([404], docker.getContainer(nameOf(spec, step)).inspect());
      return found?.State.Running;
    });
  /** An attempt whose worker leaves during the second step, before the container of the first step is removed. */
  const beginAndPrune = async (): Promise<AttemptSpec> => {
    const spec = attemptOf(image, { run: 'true' }, { run: 'exec sleep 300' });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      const watched = executor.observe(spec, () => undefined, never());
      watched.catch(() => undefined); // The executor is closed before the end.
      await runningOf(spec, 1);
    });
    cli('container', 'prune', '--force');
    return spec;
  };

  it('make a one-step attempt Lost whose worker was frozen from its start to the removal', async () => {
    const spec = attemptOf(image, { run: 'true' });
    const executor = place.open({
      // `cli` blocks the event loop, so the worker is frozen meanwhile.
      reach: (point) => {
        if (point !== 'after-start') return;
        cli('wait', nameOf(spec));
        cli('container', 'prune', '--force');
      },
    });
    const outcome = await runToEnd(executor, spec);
    await executor.close();
    expect(outcome).to.include({
      reason: 'Lost',
      message: 'Its container was removed before anybody saw how it ended.',
    });
    expect(await startsOf(docker, spec)).to.have.length(1);
  });

  it('make an attempt Lost whose last step alone was removed, which is not run again', async () => {
    const spec = attemptOf(image, { run: 'true' }, { run: 'true' });
    await withExecutor(place, (executor) => runToEnd(executor, spec));
    cli('rm', nameOf(spec, 1));
    const outcome = await withExecutor(place, (executor) => runToEnd(executor, { ...spec, starts: 2 }));
    expect(outcome.reason).to.equal('Lost');
    expect(outcome.steps?.map(({ exitCode }) => exitCode)).to.deep.equal([0]);
    expect(await startsOf(docker, spec)).to.have.length(2);
  });

  it('leave a later step running for a worker that saw the earlier ones end', async () => {
    const spec = attemptOf(image, { run: 'true' }, { run: 'exec sleep 300' });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      const outcome = executor.observe(spec, () => undefined, never());
      await runningOf(spec, 1);
      cli('container', 'prune', '--force');
      await docker.getContainer(nameOf(spec, 1)).kill();
      expect(await outcome).to.include({ reason: 'Signal', exitCode: 137 });
    });
    expect(await startsOf(docker, spec)).to.have.length(2);
  });

  it('make an attempt Lost whose first step was removed while the second ran, which is ended', async () => {
    const spec = await beginAndPrune();
    await withExecutor(place, async (executor) => {
      expect((await runToEnd(executor, { ...spec, starts: 2 })).reason).to.equal('Lost');
      expect((await executor.list()).filter(({ run, alive }) => run === spec.run && alive)).to.deep.equal([]);
    });
    expect(await startsOf(docker, spec)).to.have.length(2);
  });

  it('are no reason for a stop to leave a later step running', async () => {
    const spec = await beginAndPrune();
    await withExecutor(place, async (executor) => {
      await executor.stop(spec, 0, allow);
      expect((await executor.list()).filter(({ run, alive }) => run === spec.run && alive)).to.deep.equal([]);
    });
  });

  it('are started once where the daemon answers a start with nothing and carries it out much later', async () => {
    const spec = attemptOf(image, { run: 'true' });
    let starts = 0;
    const isStart = (url = '') => url.endsWith('/start');
    const daemon = await startRefusingDaemon(place.socketPath, ({ url }) => isStart(url) && (starts += 1) === 1 ? 'held' : undefined); // prettier-ignore
    const executor = place.open({ docker: connectToDaemon(daemon.socketPath) });
    try {
      await executor.ensure(spec, allow);
      const error: unknown = await executor.observe(spec, () => undefined, never()).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(Error);
      expect(await executor.observe(spec, () => undefined, never())).to.include({ reason: 'Completed' });
      expect(await daemon.deliver()).to.deep.equal([404]);
    } finally {
      await executor.close();
      await daemon.close();
    }
    expect(await startsOf(docker, spec)).to.have.length(1);
  });
});

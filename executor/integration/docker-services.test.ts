import { expect } from 'chai';
import type Docker from 'dockerode';
import type { ServiceSpec } from '@chainr/core/pipeline/services';
import { connectToDaemon } from '../src/docker/connect-to-daemon.js';
import { networkHolderName } from '../src/docker/names.js';
import type { AttemptSpec } from '../src/port.js';
import { allow, attemptOf, never, runToEnd, untilReady, withExecutor, type StepDraft } from '../suite/place.js';
import { useDockerPlace } from './docker-place.js';
import { startsOf } from './starts-of.js';

const image = 'busybox';
const script = `trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done`;
const service: ServiceSpec = {
  name: 'db',
  image,
  env: {},
  command: ['/bin/sh', '-c', script],
  ready: { run: 'true', timeoutMs: 60_000 },
};
const cache: ServiceSpec = { ...service, name: 'cache' };

describe('services of the docker executor', function () {
  this.timeout(120_000);
  const place = useDockerPlace();
  let docker: Docker;
  before(() => {
    docker = connectToDaemon(place.socketPath);
  });

  const attempt = (services: readonly ServiceSpec[], ...steps: StepDraft[]): AttemptSpec => ({
    ...attemptOf(image, ...steps),
    services,
  });
  const containersOf = ({ run }: AttemptSpec) =>
    docker.listContainers({ all: true, filters: { label: [`chainr.run=${run}`] } });

  it('leave nothing behind when the attempt is removed', async () => {
    const spec = attempt([service, cache], { run: 'true' });
    await withExecutor(place, async (executor) => {
      expect(await runToEnd(executor, spec)).to.include({ reason: 'Completed' });
      expect(await containersOf(spec)).to.have.length(4);
      await executor.remove(spec, allow);
      expect(await containersOf(spec)).to.deep.equal([]);
      expect((await executor.list()).filter(({ run }) => run === spec.run)).to.deep.equal([]);
    });
  });

  it('are started once, though every worker dies one fault point further', async () => {
    const spec = attempt([service, cache], { run: 'exit 3' });
    const death = new Error('the worker dies here');
    let starts = 0;
    let outcome;
    for (let deaths = 0; !outcome; deaths += 1) {
      expect(deaths).to.be.below(20);
      let left = deaths;
      const reach = (): void => {
        if (left === 0) throw death;
        left -= 1;
      };
      const executor = place.open({ reach });
      const known = { ...spec, starts };
      await executor.ensure(known, allow, (count) => Promise.resolve(void (starts = Math.max(starts, count))));
      outcome = await executor
        .observe(known, () => undefined, never())
        .catch((error: unknown) => {
          if (error !== death) throw error;
          return undefined;
        });
      await executor.close();
    }
    expect(outcome).to.include({ reason: 'ExitCode', exitCode: 3 });
    expect(starts).to.equal(3);
    // Each service, the step, and the holder of the network.
    expect(await startsOf(docker, spec)).to.have.length(4);
  });

  it('are over after a stop, wherever their start is at that moment', async () => {
    await withExecutor(place, async (executor) => {
      for (let turns = 0; turns < 24; turns += 2) {
        const spec = attempt([service, cache], { run: 'exec sleep 300' });
        await executor.ensure(spec, allow);
        const outcome = executor.observe(spec, () => undefined, never());
        // Each answer of the daemon moves the start on.
        for (let turn = 0; turn < turns; turn += 1) await docker.ping();
        await executor.stop(spec, 0, allow);
        await outcome;
        const running = (await containersOf(spec)).filter(({ State }) => State === 'running');
        expect(running, `after ${String(turns)} turns`).to.deep.equal([]);
      }
    });
  });

  it('are refused before anything is started if the network of the job is not allowed', async () => {
    const spec = attempt([service], { run: 'true', network: 'host' });
    const { reason, message } = await withExecutor(place, (executor) => runToEnd(executor, spec));
    expect(reason).to.equal('ConfigError');
    expect(message).to.contain('CHAINR_DOCKER_NETWORKS');
    expect(await startsOf(docker, spec)).to.deep.equal([]);
  });

  it('need the helper image, and say so if it cannot be pulled', async () => {
    const spec = attempt([service], { run: 'true' });
    const executor = place.open({ helperImage: '127.0.0.1:1/helper', pullPatienceMs: 0 });
    const { reason, message } = await runToEnd(executor, spec);
    await executor.close();
    expect(reason).to.be.oneOf(['RegistryError', 'ImagePullFailed']);
    expect(message).to.contain('127.0.0.1:1/helper').and.contain('helper image');
  });

  it('are a ConfigError with their name if their program does not exist', async () => {
    const spec = attempt([{ ...service, command: ['/no/such/program'] }], { run: 'true' });
    const { reason, message } = await withExecutor(place, (executor) => runToEnd(executor, spec));
    expect(reason).to.equal('ConfigError');
    expect(message).to.contain('The service "db" cannot be started').and.contain('/no/such/program');
  });

  it('make an attempt Lost if somebody ends the holder of their network between two steps', async () => {
    const spec = attempt([service], { run: 'echo ready; sleep 2' }, { run: 'echo never' });
    await withExecutor(place, async (executor) => {
      await executor.ensure(spec, allow);
      const outcome = executor.observe(spec, () => undefined, never());
      await untilReady(executor, spec);
      await docker.getContainer(networkHolderName(place.instance, spec)).kill();
      const { reason, steps } = await outcome;
      expect(reason).to.equal('Lost');
      expect(steps?.map(({ exitCode }) => exitCode)).to.deep.equal([0]);
      expect((await containersOf(spec)).filter(({ State }) => State === 'running')).to.deep.equal([]);
    });
  });
});

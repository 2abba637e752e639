import { expect } from 'chai';
import type Docker from 'dockerode';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectToDaemon } from '../src/docker/connect-to-daemon.js';
import type { DockerContext } from '../src/docker/context.js';
import { createContainer } from '../src/docker/start/create-container.js';
import { attemptLabels, containerName } from '../src/docker/names.js';
import { takeAway } from '../src/docker/start/take-away.js';
import type { AttemptKey, AttemptSpec, Executor, OutputChunk } from '../src/port.js';
import {
  allOutput,
  allow,
  attemptOf,
  never,
  runToEnd,
  textOf,
  untilExecuting,
  withExecutor,
  withTwoExecutors,
} from '../suite/place.js';
import { contextOf } from '../test/docker/docker-context.js';
import { makeDockerPlace, useDockerPlace } from './docker-place.js';
import { startsOf } from './starts-of.js';

const image = 'busybox';

describe('the docker executor', function () {
  this.timeout(120_000);
  const place = useDockerPlace();
  let docker: Docker;
  before(() => {
    docker = connectToDaemon(place.socketPath);
  });

  const labelsOf = (key: AttemptKey): string[] =>
    Object.entries(attemptLabels(place.instance, key)).map(([name, value]) => `${name}=${value}`);
  const containersOf = (key: AttemptKey): Promise<Docker.ContainerInfo[]> =>
    docker.listContainers({ all: true, filters: { label: labelsOf(key) } });
  const outcomeOf = (executor: Executor, spec: AttemptSpec) => executor.observe(spec, () => undefined, never());
  const listedOf = async (executor: Executor, { run }: AttemptKey) =>
    (await executor.list()).filter((found) => found.run === run);

  describe('taking over from a worker that was frozen', () => {
    /** Creates the attempt's container under a lease that ends right before the start. @returns the id of the container */
    const createUnderEndingLease = async (frozen: Executor, spec: AttemptSpec, lease: { ended: boolean }) => {
      await frozen.ensure(spec, () => {
        if (lease.ended) throw new Error('the lease has ended');
      });
      const error: unknown = await outcomeOf(frozen, spec).catch((reason: unknown) => reason);
      expect(String(error)).to.contain('the lease has ended');
      const { Id: id, State: state } = await docker.getContainer(containerName(place.instance, spec, 0)).inspect();
      expect(state.Status).to.equal('created');
      return id;
    };

    it('creates anew what was created and not started, so that the old owner finds its id gone', async () => {
      const lease = { ended: false };
      const frozen = place.open({
        reach: (point) => {
          if (point === 'after-create') lease.ended = true;
        },
      });
      const spec = attemptOf(image, { run: 'echo once' });
      const old = await createUnderEndingLease(frozen, spec, lease);

      await withExecutor(place, async (executor) => {
        expect(await runToEnd(executor, spec)).to.include({ reason: 'Completed', exitCode: 0 });
        expect(textOf(await allOutput(executor, spec))).to.equal('once\n');
      });
      const starts = await startsOf(docker, spec);
      expect(starts).to.have.length(1).and.not.to.include(old);

      const answer: unknown = await docker
        .getContainer(old)
        .start()
        .catch((reason: unknown) => reason);
      expect(answer).to.include({ statusCode: 404 });
      lease.ended = false;
      expect(await outcomeOf(frozen, spec)).to.include({ reason: 'Completed' });
      expect(await startsOf(docker, spec)).to.deep.equal(starts);
      await frozen.close();
    });

    it('does the same with a later step, and runs the earlier ones no second time', async () => {
      const lease = { ended: false };
      let created = 0;
      const frozen = place.open({
        reach: (point) => {
          if (point === 'after-create') created += 1;
          if (created === 2) lease.ended = true;
        },
      });
      const spec = attemptOf(image, { run: 'echo first' }, { run: 'echo second' });
      await frozen.ensure(spec, () => {
        if (lease.ended) throw new Error('the lease has ended');
      });
      await outcomeOf(frozen, spec).catch(() => undefined);
      const outcome = await withExecutor(place, (executor) => runToEnd(executor, spec));
      expect(outcome.steps?.map(({ exitCode }) => exitCode)).to.deep.equal([0, 0]);
      expect(await startsOf(docker, spec)).to.have.length(2);
      await frozen.close();
    });

    it('adopts what the old owner has started, and starts nothing', async () => {
      const spec = attemptOf(image, { run: 'exec sleep 300' });
      await withTwoExecutors(place, async (one, two) => {
        await one.ensure(spec, allow);
        await untilExecuting(one, spec);
        await two.ensure(spec, allow);
        await untilExecuting(two, spec);
        await two.stop(spec, 0, allow);
        expect(await outcomeOf(two, spec)).to.include({ reason: 'Signal', exitCode: 137 });
      });
      expect(await startsOf(docker, spec)).to.have.length(1);
    });

    it('makes nothing anew of which it learned later that it has run', async () => {
      const spec = attemptOf(image, { run: 'exec sleep 300' });
      await withExecutor(place, async (executor) => {
        await executor.ensure(spec, allow);
        await untilExecuting(executor, spec);
        for (const { Id } of await containersOf(spec)) await docker.getContainer(Id).remove({ force: true });
        const begun = { ...spec, begun: true };
        await executor.ensure(begun, () => undefined);
        expect((await outcomeOf(executor, begun)).reason).to.equal('Deleted');
      });
      expect(await startsOf(docker, spec)).to.have.length(1);
    });

    describe('while the container starts', () => {
      const context = (): DockerContext => contextOf(docker, place.instance);
      const createdOf = async (spec: AttemptSpec): Promise<Docker.Container> =>
        docker.getContainer((await createContainer(context(), spec, 0)) ?? expect.fail('its name was taken'));

      it('calls it Lost where it has started and ended before it was removed, and runs it no second time', async () => {
        const spec = attemptOf(image, { run: 'echo once' });
        const container = await createdOf(spec);
        await container.start();
        await container.wait();
        await takeAway(context(), spec, 0, container.id);
        await withExecutor(place, async (executor) => {
          const outcome = await runToEnd(executor, spec);
          expect(outcome.reason).to.equal('Lost');
          expect(outcome.message).to.contain('taken over at the moment');
          expect(outcome).not.to.have.property('exitCode');
        });
        expect(await startsOf(docker, spec)).to.deep.equal([container.id]);
      });

      it('leaves it where it has started and runs', async () => {
        const spec = attemptOf(image, { run: 'exec sleep 300' });
        const container = await createdOf(spec);
        await container.start();
        await takeAway(context(), spec, 0, container.id);
        expect((await container.inspect()).State.Running).to.equal(true);
      });

      it('frees the name where it has not started', async () => {
        const spec = attemptOf(image, { run: 'true' });
        await takeAway(context(), spec, 0, (await createdOf(spec)).id);
        expect(await containersOf(spec)).to.deep.equal([]);
      });

      it('takes nothing from somebody else who took it away first', async () => {
        const spec = attemptOf(image, { run: 'true' });
        const container = await createdOf(spec);
        await container.remove();
        const next = await createdOf(spec);
        await takeAway(context(), spec, 0, container.id);
        expect((await containersOf(spec)).map(({ Id }) => Id)).to.deep.equal([next.id]);
      });
    });
  });

  describe('a command, whose streams are told apart', () => {
    const commandOf = (script: string) => ({ command: ['/bin/sh', '-c', script] });

    it('keeps them so in every step', async () => {
      const both = commandOf('echo to $CHAINR_STEP; echo bad $CHAINR_STEP >&2');
      await withExecutor(place, async (executor) => {
        const spec = attemptOf(image, both, both);
        await runToEnd(executor, spec);
        const output = await allOutput(executor, spec);
        for (const step of ['step-0', 'step-1']) {
          expect(textOf(output, 'stdout', step)).to.equal(`to ${step}\n`);
          expect(textOf(output, 'stderr', step)).to.equal(`bad ${step}\n`);
        }
      });
    });

    it('is read on from any position, with no line of either missing or doubled', async () => {
      const loop = 'i=0; while [ $i -lt 4000 ]; do echo "$CHAINR_STEP line $i"; echo "err $i" >&2; i=$((i+1)); done';
      await withExecutor(place, async (executor) => {
        const spec = attemptOf(image, commandOf(loop), commandOf(loop));
        await executor.ensure(spec, allow);
        const chunks: OutputChunk[] = [];
        // A reader that stops after every batch, as dying workers do, while the attempt still writes.
        for (let position: string | undefined = ''; position !== undefined;) {
          const from: string = position;
          position = undefined;
          for await (const batch of executor.logs(spec, from, never())) {
            chunks.push(...batch.chunks);
            position = batch.position;
            break;
          }
        }
        const numbers = Array.from({ length: 4000 }, (_, index) => index);
        for (const step of ['step-0', 'step-1']) {
          expect(textOf(chunks, 'stdout', step)).to.equal(numbers.map((n) => `${step} line ${n}\n`).join(''));
          expect(textOf(chunks, 'stderr', step)).to.equal(numbers.map((n) => `err ${n}\n`).join(''));
        }
      });
    });
  });

  describe('limits', () => {
    it('tells when a step takes more memory than it may', async () => {
      const limits = { limits: { memory: '32Mi' } };
      const spec = attemptOf(image, { run: 'head -c 200m /dev/zero | tail', resources: limits });
      const outcome = await withExecutor(place, (executor) => runToEnd(executor, spec));
      expect(outcome).to.include({ reason: 'OutOfMemory', exitCode: 137 });
    });

    it('hands over the limits of memory and of processors', async () => {
      const limits = { limits: { memory: '64Mi', cpu: '500m' } };
      const spec = attemptOf(image, { run: 'true', resources: limits });
      await withExecutor(place, (executor) => runToEnd(executor, spec));
      const { HostConfig: config } = await docker.getContainer(containerName(place.instance, spec, 0)).inspect();
      expect(config).to.include({ Memory: 64 * 2 ** 20, MemorySwap: 64 * 2 ** 20, NanoCpus: 5e8 });
    });

    it('says ConfigError where the daemon takes no limit so small', async () => {
      const spec = attemptOf(image, { run: 'true', resources: { limits: { memory: '1Mi' } } });
      const outcome = await withExecutor(place, (executor) => runToEnd(executor, spec));
      expect(outcome.reason).to.equal('ConfigError');
      expect(outcome.message).to.match(/memory/i);
    });
  });

  it('has the log of a container never rotated, whatever the daemon’s own options are', async () => {
    const spec = attemptOf(image, { run: 'true' });
    await withExecutor(place, (executor) => runToEnd(executor, spec));
    const { HostConfig: config } = await docker.getContainer(containerName(place.instance, spec, 0)).inspect();
    const options = { 'max-size': '1000g', 'max-file': '1', compress: 'false' };
    expect(config.LogConfig).to.deep.equal({ Type: 'local', Config: options });
  });

  describe('networks and users', () => {
    it('says ConfigError for a network that is not allowed, and which setting allows one', async () => {
      await withExecutor(place, async (executor) => {
        const outcome = await runToEnd(executor, attemptOf(image, { run: 'true', network: 'host' }));
        expect(outcome.reason).to.equal('ConfigError');
        expect(outcome.message).to.contain('"host"').and.contain('CHAINR_DOCKER_NETWORKS');
      });
    });

    it('says ConfigError for a network that is allowed and does not exist', async () => {
      const executor = place.open({ networks: ['no-such-network'] });
      const outcome = await runToEnd(executor, attemptOf(image, { run: 'true', network: 'no-such-network' }));
      await executor.close();
      expect(outcome.reason).to.equal('ConfigError');
      expect(outcome.message).to.contain('no-such-network');
    });

    it('gives a step without a network nothing but the loopback', async () => {
      await withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'ls /sys/class/net', network: 'none' });
        expect(await runToEnd(executor, spec)).to.include({ reason: 'Completed' });
        expect(textOf(await allOutput(executor, spec))).to.equal('lo\n');
      });
    });

    it('runs a step as its user, who may write into the workspace', async () => {
      await withExecutor(place, async (executor) => {
        const spec = attemptOf(
          image,
          { run: 'id -u; echo hello > /shared/file; echo "first=$(id -u)" > "$CHAINR_OUTPUT"', user: '1000' },
          { run: 'id -u; cat file; rm file', user: 'somebody' },
          { run: 'id -u; ls; echo "last=$(id -u)" > "$CHAINR_OUTPUT"' },
        );
        const { reason, outputs } = await runToEnd(executor, spec);
        expect([reason, outputs]).to.deep.equal(['Completed', { first: '1000', last: '0' }]);
        expect(textOf(await allOutput(executor, spec))).to.equal('1000\n1000\nhello\n0\n');
      });
    });

    it('says ConfigError for a user that the image does not have', async () => {
      await withExecutor(place, async (executor) => {
        const outcome = await runToEnd(executor, attemptOf(image, { run: 'true', user: 'no-such-user' }));
        expect(outcome.reason).to.equal('ConfigError');
        expect(outcome.message).to.contain('no-such-user');
      });
    });
  });

  describe('what is there', () => {
    it('keeps two instances on one daemon apart, even with the same run', async () => {
      const other = await makeDockerPlace(place.socketPath);
      const spec = attemptOf(image, { run: 'exec sleep 300' });
      await withExecutor(place, (mine) =>
        withExecutor(other, async (theirs) => {
          await theirs.ensure(spec, allow);
          await untilExecuting(theirs, spec);
          expect(await listedOf(mine, spec)).to.deep.equal([]);
          await mine.stop(spec, 0, allow);
          await mine.remove(spec, allow);
          expect((await listedOf(theirs, spec)).map(({ alive }) => alive)).to.deep.equal([true]);

          await mine.ensure(spec, allow);
          await untilExecuting(mine, spec);
          await theirs.stop(spec, 0, allow);
          await theirs.remove(spec, allow);
          expect(await listedOf(theirs, spec)).to.deep.equal([]);
          expect((await listedOf(mine, spec)).map(({ alive }) => alive)).to.deep.equal([true]);
          await mine.stop(spec, 0, allow);
        }),
      );
      await other.destroy();
    });

    it('removes containers and workspace of an ended attempt, and refuses while it runs', async () => {
      await withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'echo text > file' }, { run: 'echo ready; exec sleep 300' });
        await executor.ensure(spec, allow);
        for await (const { chunks } of executor.logs(spec, '', never())) if (chunks.length > 0) break;
        const error: unknown = await executor.remove(spec, allow).catch((reason: unknown) => reason);
        expect(String(error)).to.contain('still runs');
        await executor.stop(spec, 0, allow);
        await executor.remove(spec, allow);
        expect(await containersOf(spec)).to.deep.equal([]);
        const { Volumes: volumes } = await docker.listVolumes({ filters: { label: labelsOf(spec) } });
        expect(volumes).to.deep.equal([]);
      });
    });

    it('lists a workspace whose containers are gone, and removes it', async () => {
      await withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'true' });
        await runToEnd(executor, spec);
        for (const { Id } of await containersOf(spec)) await docker.getContainer(Id).remove();
        const { run, job, attempt } = spec;
        expect(await listedOf(executor, spec)).to.deep.equal([{ run, job, attempt, alive: false }]);
        await executor.remove(spec, allow);
        expect(await listedOf(executor, spec)).to.deep.equal([]);
      });
    });

    it('says Deleted when somebody removes a container that runs', async () => {
      await withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'exec sleep 300' });
        await executor.ensure(spec, allow);
        await untilExecuting(executor, spec);
        const outcome = outcomeOf(executor, spec);
        for (const { Id } of await containersOf(spec)) await docker.getContainer(Id).remove({ force: true });
        expect((await outcome).reason).to.equal('Deleted');
      });
    });

    it('keeps no process alive after it was closed', async () => {
      const script = fileURLToPath(new URL('open-and-close.ts', import.meta.url));
      const flags = ['--conditions=chainr-source', '--import=tsx', script, place.socketPath, place.instance];
      const { stdout } = await promisify(execFile)(process.execPath, flags, { timeout: 100_000 });
      expect(stdout).to.equal('closed\n');
    });
  });
});

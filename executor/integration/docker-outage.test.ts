import { expect } from 'chai';
import type Docker from 'dockerode';
import type { Outcome } from '@chainr/core/engine/outcome';
import { connectToDaemon, findDaemon } from '../src/docker/connect-to-daemon.js';
import { createDockerExecutor } from '../src/docker/create-docker-executor.js';
import type { AttemptSpec, Executor } from '../src/port.js';
import { allOutput, allow, attemptOf, never, runToEnd, textOf, untilExecuting } from '../suite/place.js';
import { useDockerPlace } from './docker-place.js';
import { startsOf } from './starts-of.js';

const image = 'busybox';

/** The error of each verb but `ensure`, which only starts the work: the next `observe` rejects with its error. */
async function rejectionsOf(executor: Executor, spec: AttemptSpec): Promise<string[]> {
  const verbs = {
    observe: () => executor.observe(spec, () => undefined, never()),
    logs: () => allOutput(executor, spec),
    stop: () => executor.stop(spec, 0, allow),
    remove: () => executor.remove(spec, allow),
    list: () => executor.list(),
  };
  const told: string[] = [];
  for (const [verb, ask] of Object.entries(verbs)) {
    const answer: unknown = await ask().catch((reason: unknown) => reason);
    if (!(answer instanceof Error)) expect.fail(`${verb} gave ${JSON.stringify(answer)}`);
    told.push(answer.message);
  }
  return told;
}

describe('the docker executor without a daemon', () => {
  const docker = connectToDaemon('/nowhere/docker.sock');

  it('says that there is none', async () => {
    const answer = await findDaemon(docker);
    expect(answer).to.have.property('absent').that.contains('/nowhere/docker.sock');
  });

  it('takes no daemon that does not say its id', async () => {
    const nameless = { info: () => Promise.resolve({ Name: 'some-host' }) } as unknown as Docker;
    expect(await findDaemon(nameless)).to.deep.equal({ absent: 'the Docker daemon does not say its id' });
  });

  it('rejects every verb, and makes no outcome', async () => {
    const executor = createDockerExecutor({ docker, daemonId: 'some-daemon', instance: () => 'some-instance' });
    const spec = attemptOf(image, { run: 'true' });
    await executor.ensure(spec, allow);
    for (const message of await rejectionsOf(executor, spec)) expect(message).to.contain('ENOENT');
    await executor.close();
  });
});

/** A daemon that ends stops its containers, and kills those that take too long. */
const endedWithItsDaemon = ({ reason, exitCode }: Outcome): boolean =>
  reason === 'Signal' && (exitCode === 143 || exitCode === 137);

describe('the docker executor while its daemon is away', function () {
  this.timeout(120_000);
  const place = useDockerPlace();

  it('makes no outcome, and goes on when the daemon is back', async () => {
    const executor = place.open();
    const [running, ended, later] = [
      attemptOf(image, { run: 'echo begun; exec sleep 300' }, { run: 'echo never' }),
      attemptOf(image, { run: 'echo done; exit 3' }),
      attemptOf(image, { run: 'echo later' }),
    ];
    const outcome = await runToEnd(executor, ended);
    await executor.ensure(running, allow);
    await untilExecuting(executor, running);
    // What a container writes in the last moments of its daemon may be in no log.
    for await (const { chunks } of executor.logs(running, '', never())) if (chunks.length > 0) break;
    await place.daemon.end();

    await executor.ensure(later, allow);
    for (const spec of [running, ended, later]) {
      for (const message of await rejectionsOf(executor, spec)) expect(message).to.match(/ENOENT|ECONN/);
    }

    await place.startAgain();
    expect(await executor.observe(running, () => undefined, never())).to.satisfy(endedWithItsDaemon);
    expect(textOf(await allOutput(executor, running))).to.equal('begun\n');
    expect(await executor.observe(ended, () => undefined, never())).to.deep.equal(outcome);
    expect(textOf(await allOutput(executor, ended))).to.equal('done\n');
    // `ensure` was remembered, though it could not do anything.
    expect(await executor.observe(later, () => undefined, never())).to.include({ reason: 'Completed' });
    expect(await startsOf(connectToDaemon(place.socketPath), later)).to.have.length(1);
    await executor.close();
  });

  it('tells who observes that it has gone away, or how the attempt ended with it', async () => {
    const executor = place.open();
    const spec = attemptOf(image, { run: 'echo ready; exec sleep 300' });
    await executor.ensure(spec, allow);
    for await (const { chunks } of executor.logs(spec, '', never())) if (chunks.length > 0) break;
    const outcome = executor.observe(spec, () => undefined, never()).catch((reason: unknown) => reason);
    await place.daemon.end();
    const seen = await outcome;
    // The daemon ends its containers first, and may still report that.
    if (!(seen instanceof Error)) expect(seen).to.satisfy(endedWithItsDaemon);
    await place.startAgain();
    expect(await executor.observe(spec, () => undefined, never())).to.satisfy(endedWithItsDaemon);
    await executor.close();
  });
});

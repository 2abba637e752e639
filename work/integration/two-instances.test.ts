import { expect } from 'chai';
import type { AttemptSpec } from '@chainr/executor/port';
import { connectToDaemon, findDaemon } from '@chainr/executor/docker/connect-to-daemon';
import { createDockerExecutor } from '@chainr/executor/docker/create-docker-executor';
import type { Executor } from '@chainr/executor/port';
import { pipelineOf } from '@chainr/testkit/builders';
import { useDockerDaemon } from '@chainr/testkit/use-docker-daemon';
import { removeStrays } from '../src/sweeps/remove-strays.js';
import { openWorker, type OpenWorker } from '../test/open-worker.js';

const never = new AbortController().signal;
const allow = (): void => undefined;
/** No waiting, instead of the usual minutes. */
const soon = { everyMs: 1, knownForMs: 0, redisUpMs: 0 };

interface Instance {
  worker: OpenWorker;
  executor: Executor;
  sweep: () => Promise<unknown>;
}

describe('two instances on one Docker daemon, with their sweeps on', function () {
  this.timeout(120_000);
  let instances: Instance[] = [];

  after(async () => {
    for (const { worker, executor } of instances) {
      for (const found of await executor.list()) {
        if (found.alive) await executor.stop(found, 0, allow);
        await executor.remove(found, allow);
      }
      await worker.close();
      await executor.close();
    }
  });
  const used = useDockerDaemon();
  before(async () => {
    instances = await Promise.all([openInstance(), openInstance()]);
  });

  async function openInstance(): Promise<Instance> {
    const docker = connectToDaemon(used.socketPath);
    const found = await findDaemon(docker);
    if ('absent' in found) throw new Error(found.absent);
    let instance = '';
    const executor = createDockerExecutor({ docker, daemonId: found.id, instance: () => instance });
    const worker = await openWorker({ alone: false }, executor);
    instance = worker.store.instance;
    const { sweep } = removeStrays(worker.context, soon);
    return { worker, executor, sweep: () => sweep(never) };
  }

  async function begin({ executor }: Instance, run: string, attempt = 1): Promise<AttemptSpec> {
    const step = { name: 'main', image: 'busybox', run: 'sleep 300', env: {}, continueOnError: false };
    const spec = { run, job: 'only', attempt, pipeline: '', steps: [step] };
    await executor.ensure(spec, allow);
    const running = new AbortController();
    await executor.observe(spec, () => { running.abort(); }, running.signal).catch(() => undefined); // prettier-ignore
    return spec;
  }

  const runsIn = async ({ executor }: Instance) =>
    (await executor.list()).map(({ run, alive }) => `${run} ${String(alive)}`);

  it('neither see, stop nor remove the containers of the other, which their Redis does not know', async () => {
    const [one, two] = instances as [Instance, Instance];
    const open = await one.worker.create(pipelineOf({ only: [] }));
    const strays = [await begin(one, 'stray-of-one'), await begin(two, 'stray-of-two')];
    await begin(one, open);
    expect(await runsIn(one)).to.have.members(['stray-of-one true', `${open} true`]);
    expect(await runsIn(two)).to.have.members(['stray-of-two true']);
    expect(strays).to.have.length(2);

    // An unknown container is removed by the second pass that sees it.
    await one.sweep();
    await one.sweep();
    expect(await runsIn(one), 'its own stray is gone, its open attempt is not').to.have.members([`${open} true`]);
    expect(await runsIn(two), 'the other one’s is untouched').to.have.members(['stray-of-two true']);

    await two.sweep();
    await two.sweep();
    expect(await runsIn(two)).to.deep.equal([]);
    expect(await runsIn(one)).to.have.members([`${open} true`]);
  });
});

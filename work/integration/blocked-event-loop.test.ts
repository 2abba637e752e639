import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { untilFound } from '@chainr/testkit/until-found';
import { WorkerGroup } from '@chainr/testkit/worker-group';

const attempts = 500;

describe('a worker whose event loop is blocked', function () {
  this.timeout(120_000);
  const folders = useDataFolders();
  let group: WorkerGroup | undefined;

  afterEach(async () => {
    await group?.stop();
  });

  it('for two seconds loses none of 500 leases, at the default settings, although another worker waits for them', async () => {
    const home = await folders.make();
    const env = { CHAINR_CAPACITY: String(attempts), BLOCK_MS: '2000' };
    group = await WorkerGroup.start({ home, kind: 'fake', script: 'testkit/src/blocking-worker.ts', env });
    const { store } = group;
    const first = await group.startWorker();
    const names = Array.from({ length: attempts }, (_, at) => [`job-${String(at)}`, []] as const);
    const source = { contentType: 'application/json', text: '{}' };
    const pipeline = pipelineOf(Object.fromEntries(names));
    const made = await store.runs.createRun({ pipeline, source, defaultPool: 'fake' });
    if (made.kind === 'conflict') expect.fail('the run was not created');
    const executor = await store.executors.register('fake', 'fake');
    const held = async () => (await store.leases.list(executor)).length;
    await untilFound(`${attempts} leases`, held, (count) => count >= attempts, { everyMs: 50 });
    const before = new Set((await store.leases.list(executor)).map(({ owner, epoch }) => `${owner} ${String(epoch)}`));
    const second = await group.startWorker();
    const upMs = async () => (await store.serverLife.read()).upMs;
    await untilFound('a Redis that is old enough for adoptions', upMs, (ms) => ms >= 8_000, { everyMs: 50 });
    for (let block = 1; block <= 3; block += 1) {
      first.signal('SIGUSR2');
      await first.says(new RegExp(`(blocked\\n[^]*){${String(block)}}`));
    }
    await group.untilRenewed(6);
    const after = new Set((await store.leases.list(executor)).map(({ owner, epoch }) => `${owner} ${String(epoch)}`));
    expect([...after]).to.deep.equal([...before]);
    expect(first.output).not.to.contain('lease.lost');
    expect(second.output).not.to.contain('attempt.adopted');
    for (const worker of [first, second]) worker.signal('SIGKILL');
    await Promise.all([first.ended, second.ended]);
  });
});

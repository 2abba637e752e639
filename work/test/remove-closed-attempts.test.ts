import { expect } from 'chai';
import { createFakeExecutor } from '@chainr/executor/fake/create-fake-executor';
import { nameOf } from '@chainr/executor/fake/fake-world';
import { pipelineOf } from '@chainr/testkit/builders';
import { removeClosedAttempts } from '../src/sweeps/remove-closed-attempts.js';
import { openWorker, type OpenWorker } from './open-worker.js';

describe('the remains of closed attempts', () => {
  const fake = createFakeExecutor();
  const stubborn = new Set<string>();
  let failures = 0;
  const executor: typeof fake = {
    ...fake,
    remove: async (key, guard) => {
      if (stubborn.has(key.job)) {
        failures += 1;
        throw new Error('its folder is busy');
      }
      await fake.remove(key, guard);
    },
  };
  let worker: OpenWorker;
  let remove: () => Promise<number>;

  before(async () => {
    worker = await openWorker({ removalGraceMs: 60_000 }, executor);
    const { sweep } = removeClosedAttempts(worker.context);
    remove = async () => (await sweep(new AbortController().signal)).changed;
  });

  after(() => worker.close());

  async function runTwo(): Promise<{ one: string; two: string }> {
    const run = await worker.create(pipelineOf({ one: [], two: [] }));
    await worker.take(run);
    await Promise.all(['one', 'two'].map((name) => worker.untilJob(run, name, 'SUCCESSFUL')));
    await worker.untilIdle();
    return { one: nameOf({ run, job: 'one', attempt: 1 }), two: nameOf({ run, job: 'two', attempt: 1 }) };
  }

  /** How many attempts a pass asks for at most. */
  async function limitOf(pass: () => Promise<number>): Promise<number> {
    const { remains } = worker.store;
    const listDue = remains.listDue.bind(remains);
    let asked = 0;
    remains.listDue = (executor, limit) => {
      asked = limit;
      return listDue(executor, limit);
    };
    await pass().finally(() => (remains.listDue = listDue));
    return asked;
  }

  it('stay until the removal grace is over, and then go', async () => {
    const { one, two } = await runTwo();
    await worker.forward(59_000);
    expect(await remove()).to.equal(0);
    expect(fake.world.attempts).to.include.keys(one, two);
    await worker.forward(61_000);
    expect(await remove()).to.equal(2);
    expect(fake.world.attempts).to.not.have.any.keys(one, two);
    expect(await remove()).to.equal(0);
    await worker.forward(0);
  });

  it('go although others cannot be removed yet, which are tried again', async () => {
    const { one, two } = await runTwo();
    stubborn.add('one');
    await worker.forward(61_000);
    expect(await remove()).to.equal(1);
    expect(fake.world.attempts).to.include.keys(one).and.not.have.any.keys(two);
    stubborn.clear();
    expect(await remove()).to.equal(1);
    expect(fake.world.attempts).to.not.have.any.keys(one);
  });

  it('are left to the search for strays when their run was deleted meanwhile', async () => {
    await worker.forward(0);
    const { one } = await runTwo();
    const [run] = (await worker.store.runs.listRuns({ limit: 1 })).runs;
    expect(await worker.store.runs.deleteRun(run?.uid ?? '')).to.deep.equal({ kind: 'deleted' });
    await worker.forward(61_000);
    expect(await remove()).to.equal(2);
    expect(fake.world.attempts).to.include.keys(one);
    expect(await remove()).to.equal(0);
    await worker.forward(0);
  });

  for (const [what, removeFrom] of [
    ['its run was deleted', (run: string) => worker.store.runs.deleteRun(run)],
    [
      'another worker removed them',
      (run: string) => worker.store.remains.forgetDue(worker.context.executorNumber(), { run, index: 0, attempt: 1 }),
    ],
  ] as const) {
    it(`are not looked up any longer once ${what}, though they could not be removed before`, async () => {
      await worker.forward(0);
      await runTwo();
      const run = (await worker.store.runs.listRuns({ limit: 1 })).runs[0]?.uid ?? '';
      stubborn.add('one');
      await worker.forward(61_000);
      for (let pass = 0; pass < 3; pass += 1) await remove();
      expect(await limitOf(remove)).to.equal(101);
      await removeFrom(run);
      for (let pass = 0; pass < 2; pass += 1) await remove();
      expect(await limitOf(remove)).to.equal(100);
      stubborn.clear();
      await worker.forward(0);
    });
  }

  it('are tried again less and less often while they cannot be removed, and hold up no others', async () => {
    await worker.forward(0);
    await runTwo();
    stubborn.add('one');
    await worker.forward(61_000);
    failures = 0;
    expect(await remove()).to.equal(1);
    for (let pass = 0; pass < 20; pass += 1) expect(await remove()).to.equal(0);
    expect(failures).to.equal(2);
    await worker.forward(0);
    const { two } = await runTwo();
    await worker.forward(61_000);
    await remove();
    expect(fake.world.attempts).to.not.have.any.keys(two);
    stubborn.clear();
    await worker.forward(0);
  });
});

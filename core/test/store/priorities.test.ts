import { expect } from 'chai';
import { pipelineOf, type JobShape } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { BundleQueue } from '../../src/queue/bundle-queue.js';
import { executorKinds } from '../../src/model/records.js';
import { composeScript } from '../../src/store/scripts.js';
import { keys, parseAttemptId, queuePrefix } from '../../src/store/keys.js';
import { scriptOfSmallCalls } from './other-scripts.js';

const completed = { reason: 'Completed', exitCode: 0 } as const;

describe('priorities (rule R20)', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const create = (jobs: Record<string, JobShape>, priority?: number) =>
    open.create({ ...pipelineOf(jobs), ...(priority !== undefined && { priority }) });
  /** Each message: its priority, and the indexes of its jobs. */
  const messages = () =>
    open.inbox.bundles.splice(0).map(({ priority, ids }) => [priority, ids.map((id) => parseAttemptId(id).index)]);

  it("are 0, or the run's, in every message", async () => {
    await create({ a: [], b: [] });
    expect(messages()).to.eql([[0, [0, 1]]]);
    await create({ a: [], b: [] }, -100);
    expect(messages()).to.eql([[-100, [0, 1]]]);
    await create({ a: [], b: [] }, 100);
    expect(messages()).to.eql([[100, [0, 1]]]);
  });

  it("of jobs replace the run's, and the ids of a message share one", async () => {
    const run = await create({ a: [], b: { priority: 7 }, c: { priority: -7 }, d: [], e: { priority: 7 }, f: { priority: 0, dependsOn: ['a'] } }, 3); // prettier-ignore
    expect(messages()).to.eql([
      [7, [1, 4]],
      [3, [0, 3]],
      [-7, [2]],
    ]);
    await open.store.transitions.finish(await claimJob(open.store, run, 0), completed, {});
    expect(messages()).to.eql([[0, [5]]]);
  });

  it('are kept when an id is delivered again, and by the next attempt', async () => {
    const run = await create({ a: { priority: 42 } });
    messages();
    await open.store.transitions.redeliver('fake', [`${run}.0.1`]);
    expect(messages()).to.eql([[42, [0]]]);
    await open.store.transitions.requeue(await claimJob(open.store, run, 0), 'Interrupted', '', 0);
    expect(messages()).to.eql([[42, [0]]]);
  });

  it('decide what of a run too large for the queue is handed out first', async () => {
    const small = await openStore({ script: scriptOfSmallCalls(composeScript()) });
    try {
      const jobs = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`job-${String(at)}`, { priority: at }]));
      const run = await small.create(pipelineOf(jobs));
      const order: number[] = [];
      for (let ids = small.inbox.take(run); ids.length > 0; ids = small.inbox.take(run)) {
        for (const { index } of ids.map(parseAttemptId)) {
          order.push(index);
          await small.store.transitions.finish(await claimJob(small.store, run, index), completed, {}, { closeGraceMs: 0 }); // prettier-ignore
        }
      }
      expect(order.slice(0, 5).sort()).to.eql([10, 11, 7, 8, 9]);
      expect(order).to.have.length(12);
      expect(order.slice(5)).to.eql([6, 5, 4, 3, 2, 1, 0]);
    } finally {
      await small.close();
    }
  });

  describe('and dependents that would come with an end', () => {
    let queue: BundleQueue;
    beforeEach(async () => {
      queue = new BundleQueue(open.redis.url, silentLogger);
      await queue.start();
    });
    afterEach(() => queue.stop());

    /** A message of another run waits in the queue. */
    async function waiting(priority: number, cameBack = false): Promise<void> {
      queue.deliver([{ kind: executorKinds.indexOf('fake'), message: 999, priority, cameBack, ids: ['x.0.1'] }]);
      const key = `${queuePrefix}:fake:prioritized`;
      while ((await open.client.zcard(key)) === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    async function fusedWith(priority: number): Promise<number> {
      const run = await create({ a: [], b: ['a'] }, priority);
      const lease = await claimJob(open.store, run, 0);
      const fuse = { ttlMs: 60_000, atMost: 1 };
      const ended = await open.store.transitions.finish(lease, completed, {}, { fuse });
      return ended.kind === 'ok' ? ended.fused.length : 0;
    }

    it('come with it where nothing waits', async () => {
      expect(await fusedWith(-100)).to.equal(1);
    });

    for (const [own, other, comes] of [
      [0, 1, false],
      [0, 0, true],
      [0, -1, true],
      [-100, -99, false],
      [99, 100, false],
      [100, 100, true],
      [-100, -100, true],
    ] as const) {
      it(`of priority ${String(own)} ${comes ? 'come with it' : 'wait for their turn'} where ${String(other)} waits`, async () => {
        await waiting(other);
        expect(await fusedWith(own)).to.equal(comes ? 1 : 0);
      });
    }

    it('are measured by the same priorities where what waits came back from a full worker', async () => {
      await waiting(1, true);
      expect([await fusedWith(0), await fusedWith(1), await fusedWith(2)]).to.eql([0, 1, 1]);
    });

    it('that wait for their turn are in a message', async () => {
      await waiting(5);
      await fusedWith(4);
      expect(open.inbox.bundles.at(-1)).to.include({ priority: 4 });
      expect(await open.client.zcard(keys.marks('fake'))).to.equal(1);
    });
  });
});

import { expect } from 'chai';
import { pipelineOf, type JobShape, type Need } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { untilFound } from '@chainr/testkit/until-found';
import { BundleQueue } from '../../../src/queue/bundle-queue.js';
import { composeLibrary } from '../../../src/store/script/library.js';
import { keys, parseAttemptId, queuePrefix } from '../../../src/store/redis/keys.js';
import type { FinishOptions } from '../../../src/store/script/transition-types.js';
import { libraryOfSmallCalls } from '../histories/other-libraries.js';

describe('priorities (see Priorities)', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const create = (jobs: Record<string, JobShape>, priority?: number) =>
    open.create({ ...pipelineOf(jobs), ...(priority !== undefined && { priority }) });
  /** The priority of each message, and the indexes of its jobs. */
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

  it("of jobs replace the run's, and all ids of a message have the same one", async () => {
    const run = await create({ a: [], b: { priority: 7 }, c: { priority: -7 }, d: [], e: { priority: 7 }, f: { priority: 0, dependsOn: ['a'] } }, 3); // prettier-ignore
    expect(messages()).to.eql([
      [7, [1, 4]],
      [3, [0, 3]],
      [-7, [2]],
    ]);
    await open.store.transitions.finish(await claimJob(open.store, run, 0), completed, {});
    expect(messages()).to.eql([[0, [5]]]);
  });

  it('are kept when an id is redelivered, and by the next attempt', async () => {
    const run = await create({ a: { priority: 42 } });
    messages();
    await open.store.transitions.redeliver('fake', [`${run}.0.1`]);
    expect(messages()).to.eql([[42, [0]]]);
    await open.store.transitions.requeue(await claimJob(open.store, run, 0), 'Interrupted', '', { removalGraceMs: 0 });
    expect(messages()).to.eql([[42, [0]]]);
  });

  it('decide which jobs of a run too large for the queue are handed out first', async () => {
    const small = await openStore({ library: libraryOfSmallCalls(composeLibrary()) });
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

  describe('and dependents that could be claimed with an end', () => {
    let queue: BundleQueue;
    beforeEach(async () => {
      queue = new BundleQueue(open.redis.url, silentLogger);
      await queue.start();
    });
    afterEach(() => queue.stop());

    /** Puts a message of another run into the queue. */
    async function waiting(priority: number, cameBack = false): Promise<void> {
      queue.deliver([{ pool: 'fake', message: 999, priority, cameBack, ids: ['x.0.1'] }]);
      const key = `${queuePrefix}:fake:prioritized`;
      await untilFound('the message in the queue', () => open.client.zcard(key));
    }
    async function fusedWith(priority: number): Promise<number> {
      const run = await create({ a: [], b: ['a'] }, priority);
      const lease = await claimJob(open.store, run, 0);
      const fuse = { ttlMs: 60_000, atMost: 1 };
      const ended = await open.store.transitions.finish(lease, completed, {}, { fuse });
      return ended.kind === 'ok' ? ended.fused.length : 0;
    }

    it('are claimed if nothing waits', async () => {
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
      it(`of priority ${String(own)} ${comes ? 'are claimed' : 'wait for their turn'} if ${String(other)} waits`, async () => {
        await waiting(other);
        expect(await fusedWith(own)).to.equal(comes ? 1 : 0);
      });
    }

    it('are compared with a message that came back from a full worker by the same priorities', async () => {
      await waiting(1, true);
      expect([await fusedWith(0), await fusedWith(1), await fusedWith(2)]).to.eql([0, 1, 1]);
    });

    it('that wait for their turn get a message', async () => {
      await waiting(5);
      await fusedWith(4);
      expect(open.inbox.bundles.at(-1)).to.include({ priority: 4 });
      expect(await open.client.zcard(keys.marks('fake'))).to.equal(1);
    });
  });

  describe('among jobs of a run that become ready together', () => {
    const priorities = { least: -50, none: undefined, high: 90, highest: 100 } as const;
    /** In the order of the pipeline, the lowest priority comes first. */
    const after = (need: Need): Record<string, JobShape> =>
      Object.fromEntries(Object.entries(priorities).map(([name, priority]) => [name, { dependsOn: [need], ...(priority !== undefined && { priority }) }])); // prettier-ignore
    const run = (jobs: Record<string, JobShape>, maxParallel?: number) =>
      open.create({ ...pipelineOf(jobs), ...(maxParallel !== undefined && { maxParallel }) });
    const nameOf = async (uid: string, index: number) =>
      (await open.store.runs.listJobs(uid, { from: index, limit: 1 })).map(({ name }) => name).join();
    const handedOut = async (uid: string) =>
      Promise.all(open.inbox.take(uid).map((id) => nameOf(uid, parseAttemptId(id).index)));
    const end = async (uid: string, name: string, also: FinishOptions = {}, attempt = 1) => {
      const { index } = (await open.store.runs.findJob(uid, name))!;
      const lease = await claimJob(open.store, uid, index, { attempt });
      return open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 0, ...also });
    };
    /** Runs all jobs. @returns their names in the order of their claims */
    const drain = async (uid: string): Promise<string[]> => {
      const order: string[] = [];
      for (let names = await handedOut(uid); names.length > 0; names = await handedOut(uid)) {
        for (const name of names) await end(uid, name);
        order.push(...names);
      }
      return order;
    };

    for (const maxParallel of [1, 2, 3]) {
      it(`the highest gets one of ${String(maxParallel)} slots`, async () => {
        const uid = await run({ gate: [], ...after('gate') }, maxParallel);
        expect(await handedOut(uid)).to.eql(['gate']);
        await end(uid, 'gate');
        const first = await handedOut(uid);
        expect(first.sort()).to.eql(['highest', 'high', 'none'].slice(0, maxParallel).sort());
        for (const name of first) await end(uid, name);
        expect([...first, ...(await drain(uid))].slice(maxParallel)).to.eql(
          ['highest', 'high', 'none', 'least'].slice(maxParallel),
        );
      });

      it(`the highest is claimed with an end whose worker has ${String(maxParallel)} places`, async () => {
        const uid = await run({ gate: [], ...after('gate') });
        const ended = await end(uid, 'gate', { fuse: { ttlMs: 60_000, atMost: maxParallel } });
        const fused = ended.kind === 'ok' ? ended.fused : [];
        const names = await Promise.all(fused.map(({ lease }) => nameOf(uid, lease.index)));
        expect(names).to.eql(['highest', 'high', 'none'].slice(0, maxParallel));
      });

      it(`the highest is claimed with an end, with more places than the ${String(maxParallel)} slots`, async () => {
        const uid = await run({ gate: [], ...after('gate') }, maxParallel);
        const ended = await end(uid, 'gate', { fuse: { ttlMs: 60_000, atMost: 10 } });
        const fused = ended.kind === 'ok' ? ended.fused : [];
        const names = await Promise.all(fused.map(({ lease }) => nameOf(uid, lease.index)));
        expect(names).to.eql(['highest', 'high', 'none'].slice(0, maxParallel));
      });
    }

    it('the highest gets the slot if all are roots', async () => {
      const jobs = Object.fromEntries(Object.entries(priorities).map(([name, priority]) => [name, priority === undefined ? [] : { priority }])); // prettier-ignore
      expect(await drain(await run(jobs, 1))).to.eql(['highest', 'high', 'none', 'least']);
    });

    it('the highest gets the slot before jobs that waited longer, and among equals the one that waited longest', async () => {
      const jobs = { gate: { priority: 100 }, waited: { priority: 90 }, ...after('gate') };
      expect(await drain(await run(jobs, 1))).to.eql(['gate', 'highest', 'waited', 'high', 'none', 'least']);
    });

    it('the highest starts before jobs that were handed out and are not claimed yet', async () => {
      const uid = await run({ gate: { priority: 1 }, early: { priority: -1 }, ...after('gate') }, 2);
      expect((await handedOut(uid)).sort()).to.eql(['early', 'gate']);
      await end(uid, 'gate');
      expect(await handedOut(uid)).to.eql(['highest']);
      const executor = await open.store.executors.register('fake:test', 'fake');
      const early = { run: uid, index: 1, attempt: 1 };
      const by = { owner: 'owner', executor, ttlMs: 60_000 };
      expect(await open.store.transitions.claim(early, by)).to.equal('parked');
      expect(await handedOut(uid), 'in its place').to.eql(['high']);
      expect(await open.store.runs.findJob(uid, 'early')).to.include({ reason: 'WaitingForSlot' });
      await end(uid, 'highest');
      await end(uid, 'high');
      expect(await drain(uid)).to.eql(['none', 'early', 'least']);
    });

    it('the highest keeps its place before them when it is retried', async () => {
      const uid = await run(
        { gate: { priority: 100 }, flaky: { priority: 50 }, low: { priority: -50 }, middle: [] },
        1,
      );
      await end(uid, (await handedOut(uid)).join());
      const lease = await claimJob(open.store, uid, 1);
      expect(await handedOut(uid)).to.eql(['flaky']);
      await open.store.transitions.requeue(lease, 'Interrupted', 'Its worker stopped.', { removalGraceMs: 0 });
      expect(await handedOut(uid)).to.eql(['flaky']);
      const again = await claimJob(open.store, uid, 1, { attempt: 2 });
      await open.store.transitions.retry(again, { reason: 'Lost' }, {}, { removalGraceMs: 0 });
      expect(await handedOut(uid), 'for the time of its backoff').to.eql(['middle']);
      const middle = await claimJob(open.store, uid, 3);
      await setClock(open.redis.url, 1_000);
      await open.store.transitions.expire();
      await open.store.transitions.finish(middle, completed, {}, { closeGraceMs: 0 });
      expect(await handedOut(uid)).to.eql(['flaky']);
      await end(uid, 'flaky', {}, 3);
      expect(await handedOut(uid)).to.eql(['low']);
    });

    it('the highest starts first in a rerun, and after a retry by hand', async () => {
      const jobs = { gate: { priority: 100 }, fails: { priority: 20 }, ...after('gate') };
      const uid = await run(jobs, 1);
      await end(uid, 'gate');
      await end(uid, 'highest');
      await end(uid, 'high');
      const lease = await claimJob(open.store, uid, 1);
      await open.store.transitions.finish(lease, { reason: 'ExitCode', exitCode: 1 }, {}, { closeGraceMs: 0 });
      await handedOut(uid);
      expect((await open.store.transitions.reopen(uid, 1, [])).kind).to.equal('ok');
      const executor = await open.store.executors.register('fake:test', 'fake');
      const none = { run: uid, index: 3, attempt: 1 };
      const by = { owner: 'owner', executor, ttlMs: 60_000 };
      expect(await open.store.transitions.claim(none, by), 'was handed out before').to.equal('parked');
      expect(await handedOut(uid)).to.eql(['fails']);
      await end(uid, 'fails', {}, 2);
      expect(await drain(uid)).to.eql(['none', 'least']);
    });

    it('the highest of a fan-out that is resolved in several calls goes first', async () => {
      const fan = Object.fromEntries(Array.from({ length: 900 }, (_, at) => [`low-${String(at)}`, { dependsOn: ['gate'], priority: -1 }])); // prettier-ignore
      for (const maxParallel of [1, undefined]) {
        const uid = await run({ gate: [], ...fan, last: { dependsOn: ['gate'], priority: 100 } }, maxParallel);
        await handedOut(uid);
        open.inbox.bundles.splice(0);
        const ended = await end(uid, 'gate', { fuse: { ttlMs: 60_000, atMost: 1 } });
        expect(ended.kind === 'ok' && ended.fused, 'none comes before all are known').to.eql([]);
        const [first] = open.inbox.bundles;
        expect(first?.ids.map((id) => parseAttemptId(id).index)).to.eql([901]);
      }
    });

    it('a higher one that waits in its run takes the place of a lower one that is claimed before it', async () => {
      const small = await openStore({ library: libraryOfSmallCalls(composeLibrary()) });
      try {
        const jobs = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`job-${String(at)}`, []]));
        const uid = await small.create(pipelineOf({ ...jobs, gate: { priority: 1 }, last: { dependsOn: ['gate'], priority: 1 } })); // prettier-ignore
        const before = small.inbox.take(uid).map((id) => parseAttemptId(id).index);
        expect(before).to.include(9);
        await small.store.transitions.finish(await claimJob(small.store, uid, 9), completed, {}, { closeGraceMs: 0 });
        small.inbox.bundles.splice(0);
        const executor = await small.store.executors.register('fake:test', 'fake');
        const id = { run: uid, index: before.find((index) => index !== 9)!, attempt: 1 };
        const reply = await small.store.transitions.claim(id, { owner: 'owner', executor, ttlMs: 60_000 });
        expect(reply).to.equal('parked');
        const indexesOf = (priority: number) =>
          small.inbox.bundles
            .filter((bundle) => bundle.priority === priority)
            .flatMap(({ ids }) => ids.map((each) => parseAttemptId(each).index));
        // The queue gives out the message of a higher priority first, whichever was sent first.
        expect([indexesOf(1), indexesOf(0)]).to.eql([[10], [id.index]]);
      } finally {
        await small.close();
      }
    });

    it('jobs of one priority start in the order of the pipeline', async () => {
      const same = Object.fromEntries(['c', 'a', 'b'].map((name) => [name, { dependsOn: ['gate'], priority: 7 }]));
      expect(await drain(await run({ gate: { priority: 7 }, ...same }, 1))).to.eql(['gate', 'c', 'a', 'b']);
    });
  });
});

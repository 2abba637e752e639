import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { setClock } from '@chainr/testkit/clock';
import { endRun } from '@chainr/testkit/end-run';
import { useJumpingClocks, type JumpingClock } from '@chainr/testkit/jumping-redis';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { keys } from '../src/store/redis/keys.js';
import { Store } from '../src/store/store.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const never = new AbortController().signal;

for (const { name, jump } of [
  { name: 'an hour ahead', jump: hour },
  { name: 'an hour back', jump: -hour },
  { name: 'a minute ahead', jump: minute },
  { name: 'a year ahead', jump: 365 * day },
  { name: 'a year back', jump: -365 * day },
])
  describe(`after the clock of a real Redis has jumped ${name}`, () => {
    const clocks = useJumpingClocks();
    let clock: JumpingClock;
    let open: OpenStore;

    beforeEach(async () => {
      clock = await clocks.make();
      open = await openStore({ patienceMs: 10_000 }, [], clock.program);
    });
    afterEach(() => open.close());

    /** What really passes from here on, for the scripts; what the machine takes beside is far below a minute. */
    const pass = (ms: number) => setClock(open.redis.url, ms);
    const expire = async () => (await open.store.transitions.expire()).due;
    const reasonOf = async (run: RunUid) => (await open.store.runs.findJob(run, 'a'))?.reason;

    it('Redis shows the new time', async () => {
      const [before] = await open.client.time();
      await clock.set(jump);
      const [after] = await open.client.time();
      expect((Number(after) - Number(before)) * 1000).to.be.closeTo(jump, 30_000);
    });

    it('a job times out when the time has really passed, and not before', async () => {
      const run = await open.create(pipelineOf({ a: [] }));
      const lease = await claimJob(open.store, run, 0);
      await open.store.transitions.report(lease, 'Executing', '', { startedMs: 0 }, { timeoutMs: 5 * minute });
      await clock.set(jump);
      await pass(4 * minute);
      expect(await expire()).to.equal(0);
      expect(await reasonOf(run)).to.equal('Executing');
      await pass(6 * minute);
      expect(await expire()).to.equal(1);
      expect(await reasonOf(run)).to.equal('Canceling');
    });

    it('a job has its pendingTimeout when that has really passed, and not before', async () => {
      const run = await open.create(pipelineOf({ a: [] }));
      const lease = await claimJob(open.store, run, 0);
      await open.store.transitions.report(lease, 'PullingImage', '', {}, { pendingTimeoutMs: 5 * minute });
      await clock.set(jump);
      await pass(4 * minute);
      expect(await expire()).to.equal(0);
      await pass(6 * minute);
      expect(await expire()).to.equal(1);
      expect(await reasonOf(run)).to.equal('Canceling');
    });

    it('a run has its timeout when that has really passed, and not before', async () => {
      const run = await open.create({ ...pipelineOf({ a: [] }), timeoutMs: 5 * minute });
      await clock.set(jump);
      await pass(4 * minute);
      expect(await expire()).to.equal(0);
      await pass(6 * minute);
      expect(await expire()).to.equal(1);
      expect((await open.store.runs.getRun(run))?.status).to.equal('CANCELED');
    });

    it('a retry comes when its backoff has really passed, and not before', async () => {
      const run = await open.create(pipelineOf({ a: [] }));
      const lease = await claimJob(open.store, run, 0);
      const retries = { limit: 1, initialMs: 5 * minute, factor: 1, maxMs: hour };
      const failed = { reason: 'ExitCode', exitCode: 1 } as const;
      expect(await open.store.transitions.retry(lease, failed, {}, { removalGraceMs: 1_000, retries })).to.equal('ok');
      await clock.set(jump);
      await pass(4 * minute);
      expect(await expire()).to.equal(0);
      expect(await reasonOf(run)).to.equal('RetryBackoff');
      await pass(6 * minute);
      expect(await expire()).to.equal(1);
      expect(await reasonOf(run)).to.equal('Queued');
    });

    it('a renewed lease does not expire, and one of a dead worker expires in time', async () => {
      const { transitions, executors, leases } = open.store;
      const run = await open.create(pipelineOf({ a: [], b: [] }));
      const dead = await claimJob(open.store, run, 0, { ttlMs: 5 * minute });
      await claimJob(open.store, run, 1, { ttlMs: 5 * minute, owner: 'alive' });
      const executor = await executors.register(testExecutor, 'fake');
      const by = { owner: 'adopter', executor, ttlMs: minute, ownerGone: false };
      await clock.set(jump);
      await pass(4 * minute);
      expect(await leases.listExpired(executor, 10)).to.eql([]);
      expect(await transitions.adopt(dead, by)).to.equal('held');
      await pass(6 * minute);
      expect(await leases.listExpired(executor, 10)).to.have.length(2);
      expect(await transitions.adopt(dead, by)).to.include({ ended: false });
    });

    it('a server is up for as long as it really is', async () => {
      const { upMs } = await open.store.serverLife.read();
      await clock.set(jump);
      expect((await open.store.serverLife.read()).upMs - upMs).to.be.within(0, 50_000);
    });

    it('a call without a reply is carried out once', async () => {
      const uids = await Promise.all(Array.from({ length: 20 }, () => open.create(pipelineOf({ a: [] }))));
      const ends = Promise.all(uids.map((uid) => endRun(open.store, uid)));
      await clock.set(jump);
      await ends;
      for (const uid of uids) expect((await open.store.runs.getRun(uid))?.status).to.equal('SUCCESSFUL');
    });

    it('times go on without the jump, for every process, and again after the clock is set right', async () => {
      const other = new Store({ url: open.redis.url, logger: silentLogger, deliver: open.inbox.deliver });
      await other.start();
      const before = await open.store.now();
      for (const ahead of [jump, 0]) {
        await clock.set(ahead);
        for (const store of [open.store, other]) expect((await store.now()) - before).to.be.within(-5_000, 50_000);
      }
      await other.stop();
    });

    it('events are kept for as long as they were to be kept', async () => {
      const { events } = open.store;
      // More than a node of the stream, which goes as a whole.
      const fill = async () => { for (let n = 0; n < 40; n += 1) await endRun(open.store, await open.create(pipelineOf({ a: [] }))); }; // prettier-ignore
      await fill();
      const trim = async () => events.trim({ before: (await open.store.now()) - 7 * day, limitBytes: 0 }, never);
      await clock.set(jump);
      await pass(day);
      await fill();
      expect(await trim()).to.equal(0);
      await pass(7.5 * day);
      const old = await open.client.xlen(keys.events);
      expect(await trim(), 'those before the jump').to.be.within(1, old / 2);
      await pass(8.5 * day);
      expect(await trim(), 'those after it').to.be.above(0);
    });
  });

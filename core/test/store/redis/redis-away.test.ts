import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startRedisServer } from '../../../src/service/redis-server.js';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { StoreUnavailable } from '../../../src/store/redis/errors.js';
import { formatLease } from '../../../src/store/redis/keys.js';
import { Store, type StoreOptions } from '../../../src/store/store.js';
import { hearLog } from '../logs/hear-log.js';

describe('a store whose Redis is away', function () {
  this.timeout(120_000);

  describe('at its start', () => {
    let folder: string;
    let socketPath: string;
    beforeEach(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'chainr-late-'));
      socketPath = path.join(folder, 'redis.sock');
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    it('waits for Redis, says so, and starts when Redis comes', async () => {
      const heard = hearLog();
      const store = new Store({ url: `unix:${socketPath}`, logger: heard.logger });
      const starting = store.start();
      await Promise.all([heard.until('redis.away'), heard.until('store.waiting')]);
      const redis = await startRedisServer({ folder, socketPath });
      await starting;
      expect(await store.ping()).to.be.true;
      expect(heard.count('redis.away')).to.be.at.most(2); // Once per connection, not per attempt to connect.
      await store.stop();
      await redis.stop();
    });

    for (const [when, until] of [
      ['at once', () => Promise.resolve()],
      ['while it waits', (heard: ReturnType<typeof hearLog>) => heard.until('store.waiting')],
    ] as const) {
      it(`ends its start when it is stopped ${when}`, async () => {
        const heard = hearLog();
        const store = new Store({ url: `unix:${socketPath}`, logger: heard.logger });
        const starting = store.start().then(
          () => 'started',
          () => 'ended',
        );
        await until(heard);
        await store.stop();
        expect(await starting).to.equal('ended');
      });
    }
  });

  /** Every kind of request fails as unavailable. */
  async function expectUnavailable({ store }: OpenStore, uid: string): Promise<void> {
    const lease = { run: uid, index: 0, attempt: 1, epoch: 1, owner: 'owner' };
    const never = new AbortController().signal;
    const source = { contentType: 'application/json', text: '{}' };
    const questions: Record<string, () => Promise<unknown>> = {
      createRun: () => store.runs.createRun({ pipeline: pipelineOf({ a: [] }), source, defaultPool: 'fake' }),
      getRun: () => store.runs.getRun(uid),
      getRuns: () => store.runs.getRuns([uid, uid]),
      listRuns: () => store.runs.listRuns({ limit: 5 }),
      listJobs: () => store.runs.listJobs(uid, { from: 0, limit: 5 }),
      findJob: () => store.runs.findJob(uid, 'a'),
      listAttempts: () => store.runs.listAttempts(uid, 0),
      getSource: () => store.runs.getSource(uid),
      readLog: () => store.logs.read(uid, 0, 1, { offset: 0, maxBytes: 100 }),
      followLog: () => store.logs.follow(uid, 0, 1, { offset: 0 }, never).next(),
      readEvents: () => store.events.readEvents(undefined, 5),
      lastCursor: () => store.events.lastCursor(),
      renew: () => store.leases.renew(1, [formatLease(lease)], 6_000),
      finish: () => store.transitions.finish(lease, completed, {}),
      listLeases: () => store.leases.list(1),
      listDue: () => store.remains.listDue(1, 5),
      listMarks: () => store.readyMarks.list('fake', { before: Date.now(), limit: 5 }),
      liveKinds: () => store.pools.listLive(),
      now: () => store.now(),
    };
    const answers = Object.entries(questions).map(async ([name, ask]) => {
      const answer: unknown = await ask().catch((error: unknown) => error);
      expect(answer, name).to.be.instanceOf(StoreUnavailable);
    });
    await Promise.all(answers);
    expect(await store.ping())
      .to.be.a('string')
      .and.to.include('Redis does not answer');
  }

  describe('after its start', () => {
    const opened: OpenStore[] = [];
    const openOne = async (options: Partial<StoreOptions> = {}) => {
      const open = await openStore(options);
      opened.push(open);
      return { open, uid: await open.create(pipelineOf({ a: [], b: ['a'] })) };
    };
    afterEach(() => Promise.all(opened.splice(0).map((open) => open.close())));

    async function whileHanging<T>({ redis }: OpenStore, act: () => Promise<T>): Promise<T> {
      process.kill(redis.pid, 'SIGSTOP');
      try {
        return await act();
      } finally {
        process.kill(redis.pid, 'SIGCONT');
      }
    }

    it('says so instead of waiting when Redis is gone', async () => {
      const { open, uid } = await openOne();
      await open.redis.stop();
      await expectUnavailable(open, uid);
    });

    it('says so instead of waiting when Redis hangs, and goes on when it answers again', async () => {
      const { open, uid } = await openOne();
      await whileHanging(open, () => expectUnavailable(open, uid));
      expect((await open.store.runs.getRun(uid))?.uid).to.equal(uid);
      expect(await claimJob(open.store, uid, 0)).to.include({ run: uid });
    });

    it('reconnects by itself when its connections are killed', async () => {
      const { open, uid } = await openOne();
      await open.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      const by = { owner: 'owner', executor: 1, ttlMs: 6_000 };
      expect(await open.store.transitions.claim({ run: uid, index: 0, attempt: 1 }, by)).to.be.an('object');
    });

    it('carries out a transition that was under way once, if it is as patient as a worker', async () => {
      const { open, uid } = await openOne({ patienceMs: Infinity, commandTimeoutMs: 200 });
      const lease = await claimJob(open.store, uid, 0);
      const { finishing } = await whileHanging(open, async () => {
        const finishing = open.store.transitions.finish(lease, completed, {}, { fuse: { ttlMs: 60_000, atMost: 1 } });
        const timedOut = await open.store.runs.getRun(uid).catch((error: unknown) => error);
        expect(timedOut).to.be.instanceOf(StoreUnavailable);
        return { finishing };
      });
      expect(await finishing).to.have.nested.property('fused[0].job', 'b');
    });

    it('waits for an answer to a call as long as it was configured to', async () => {
      const { open, uid } = await openOne();
      const [patient, hasty] = [2_400, 1_900].map(
        (commandTimeoutMs) => new Store({ url: open.redis.url, logger: silentLogger, deliver: open.inbox.deliver, patienceMs: 0, commandTimeoutMs }), // prettier-ignore
      );
      if (!patient || !hasty) return expect.fail();
      await Promise.all([patient.start(), hasty.start()]);
      const gaveUp = (name: string, store: Store) => store.transitions.cancel(uid).then(() => 'answered', () => name); // prettier-ignore
      const first = await whileHanging(open, () => Promise.race([gaveUp('patient', patient), gaveUp('hasty', hasty)]));
      await Promise.all([patient.stop(), hasty.stop()]);
      expect(first).to.equal('hasty');
    });

    it('ends calls that wait for Redis when it is stopped', async () => {
      const { open, uid } = await openOne({ patienceMs: Infinity });
      await open.redis.stop();
      const by = { owner: 'owner', executor: 1, ttlMs: 6_000 };
      const claiming = open.store.transitions
        .claim({ run: uid, index: 0, attempt: 1 }, by)
        .catch((error: unknown) => error);
      await open.store.stop();
      expect(await claiming).to.be.instanceOf(StoreUnavailable);
    });
  });
});

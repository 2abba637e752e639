import { expect } from 'chai';
import { frameBytes } from '../../../src/store/logs/log-format.js';
import { fanOfJobs, pipelineOf } from '@chainr/testkit/builders';
import { claimJob, testExecutor } from '@chainr/testkit/claim-job';
import { endRun } from '@chainr/testkit/end-run';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { untilFound } from '@chainr/testkit/until-found';
import type { RunUid } from '../../../src/engine/records.js';
import { keys } from '../../../src/store/redis/keys.js';
import { Store } from '../../../src/store/store.js';

const source = { contentType: 'application/json', text: '{}' };
const single = pipelineOf({ a: [] });
const mebibyte = 1024 * 1024;
const memory = 32 * mebibyte;

describe('a Redis that is nearly full', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore({}, ['--maxmemory', String(memory)])));
  afterEach(() => open.close());

  const used = async () => Number(/used_memory:(\d+)/.exec(await open.client.info('memory'))?.[1]);
  /** Fills Redis up to a share of its memory with a foreign key. */
  const fill = async (share: number) => {
    await open.client.config('SET', 'maxmemory', '0');
    await open.client.set('ballast', Buffer.alloc(Math.floor(memory * share) - (await used())));
    await open.client.config('SET', 'maxmemory', String(memory));
  };
  const create = () => open.create(single).catch((error: unknown) => (error as Error).name);
  /** The memory of Redis is checked once a second. */
  const untilCreated = async (): Promise<RunUid> => {
    return untilFound('a run that is taken', create, (made) => made !== 'StoreFull');
  };

  it('refuses new runs from 80 % on, and accepts them again when there is room', async () => {
    await fill(0.85);
    expect(await create()).to.equal('StoreFull');
    await open.client.unlink('ballast');
    const uid = await untilCreated();
    expect(await open.store.runs.getRun(uid)).to.include({ status: 'PENDING' });
  });

  it('lets runs end and be deleted, even when it is completely full', async () => {
    const lease = await claimJob(open.store, await open.create(single), 0);
    const ended = await open.create(single);
    await endRun(open.store, ended, { log: ['hello'] });
    await fill(1.2);
    expect(await open.client.set('more', 'x').catch((error: unknown) => String(error))).to.match(/OOM/);
    // The store has not checked the memory since. Redis itself refuses the run, and nothing of it stays.
    const before = await open.client.zcard(keys.runs);
    expect(await create()).to.equal('StoreFull');
    expect(await open.client.zcard(keys.runs)).to.equal(before);
    expect(await open.store.transitions.report(lease, 'Executing', '', { startedMs: 0 })).to.be.true;
    expect(await open.store.leases.renew(1, [], 6_000)).to.eql({ lost: [], stops: [] });
    await open.store.transitions.finish(lease, completed, {}, { closeGraceMs: 1_000 });
    expect((await open.store.runs.getRun(lease.run))?.status).to.equal('SUCCESSFUL');
    for (const uid of [lease.run, ended]) expect(await open.store.runs.deleteRun(uid)).to.eql({ kind: 'deleted' });
    expect(await open.client.keys(`*${ended}*`)).to.eql([]);
  });

  it('lets a store start, so that it can make room', async () => {
    const uid = await open.create(single);
    await endRun(open.store, uid);
    await open.store.pools.announceCapacity('fake', 8);
    await fill(1.2);
    const other = new Store({ url: open.redis.url, logger: silentLogger });
    await other.start();
    await other.executors.register(testExecutor, 'fake');
    await other.pools.announceCapacity('fake', 8);
    expect(await other.runs.deleteRun(uid)).to.eql({ kind: 'deleted' });
    const large = other.runs.createRun({ pipeline: fanOfJobs(500), source, defaultPool: 'fake' });
    expect(await large.catch((error: unknown) => (error as Error).name)).to.equal('StoreFull');
    await other.stop();
  });

  describe('with logs that have used up their quota', () => {
    const append = (lease: Awaited<ReturnType<typeof claimJob>>, length: number, bytes: number, position: string) =>
      open.store.transitions.appendLog(lease, { length, bytes: Buffer.alloc(bytes, 'x'), position, end: false });

    it('stores only marks, until a log is deleted', async () => {
      const first = await claimJob(open.store, await open.create(single), 0);
      const second = await claimJob(open.store, await open.create(single), 0);
      const stored = mebibyte - 10 - 2 * frameBytes;
      expect(await append(first, 0, 7 * mebibyte, 'a')).to.include({ kind: 'ok' });
      expect(await append(second, 0, stored, 'b')).to.include({ kind: 'ok' });
      const full = { kind: 'full', length: stored, position: 'b' };
      expect(await append(second, stored, 11, 'c')).to.eql(full);
      expect(await append(second, stored, 100, 'b'), 'a mark').to.eql({ kind: 'ok', length: stored + 100 });
      expect(await append(second, stored + 100, 1, 'c')).to.include({ kind: 'full' });
      await open.store.transitions.finish(first, completed, {}, { closeGraceMs: 1 });
      await open.store.runs.deleteRun(first.run);
      expect(await append(second, stored + 100, 1000, 'c')).to.include({ kind: 'ok' });
    });
  });
});

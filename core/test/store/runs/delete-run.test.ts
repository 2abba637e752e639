import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { driveRun } from '@chainr/testkit/drive-run';
import { endRun } from '@chainr/testkit/end-run';
import { growLog } from '@chainr/testkit/grow-log';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import type { RunUid } from '../../../src/engine/records.js';
import { keys } from '../../../src/store/redis/keys.js';

const single = { ...pipelineOf({ a: [] }), metadata: { name: 'nightly', labels: { team: 'core', tier: '1' } } };

describe('deleting a run', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const keysOf = (uid: RunUid) => open.client.keys(`*${uid}*`);
  const logBytes = async () => Number((await open.client.hget(keys.counters, 'logBytes')) ?? 0);

  it('leaves nothing of it in Redis', async () => {
    const uid = await open.create(single);
    await endRun(open.store, uid, { log: ['one', 'two'] });
    expect(await logBytes()).to.be.greaterThan(0);
    expect(await open.store.runs.deleteRun(uid)).to.eql({ kind: 'deleted' });
    const { runs, logs } = open.store;
    expect(await runs.getRun(uid)).to.be.undefined;
    expect(await runs.listJobs(uid, { from: 0, limit: 10 })).to.eql([]);
    expect(await runs.findJob(uid, 'a')).to.be.undefined;
    expect(await runs.listAttempts(uid, 0)).to.eql([]);
    expect(await runs.getSource(uid)).to.be.undefined;
    expect(await logs.read(uid, 0, 1, { offset: 0, maxBytes: 1000 })).to.be.undefined;
    expect(await runs.listRuns({ limit: 10 })).to.eql({ runs: [], total: 0 });
    expect(await keysOf(uid)).to.eql([]);
    for (const key of [keys.runs, keys.ended, keys.names, keys.deletions])
      expect(await open.client.zcard(key), key).to.equal(0);
    expect((await open.client.keys('*')).filter((key) => /:(name|label|status):/.test(key))).to.eql([]);
    expect(await logBytes()).to.equal(0);
  });

  it('keeps what other runs share with it', async () => {
    const [first, second] = [await open.create(single), await open.create(single)];
    await endRun(open.store, first);
    await open.store.runs.deleteRun(first);
    expect(await open.client.zrange(keys.names, 0, '-1')).to.eql(['nightly']);
    const { runs } = await open.store.runs.listRuns({
      limit: 10,
      filter: { labels: [{ key: 'team', value: 'core' }] },
    });
    expect(runs.map(({ uid }) => uid)).to.eql([second]);
  });

  it('is refused while the run is live, or a log is still being stored', async () => {
    const uid = await open.create(single);
    expect(await open.store.runs.deleteRun(uid)).to.eql({ kind: 'live', status: 'PENDING' });
    const lease = await claimJob(open.store, uid, 0);
    expect(await open.store.runs.deleteRun(uid)).to.eql({ kind: 'live', status: 'RUNNING' });
    await open.store.transitions.finish(lease, completed, {});
    expect(await open.store.runs.deleteRun(uid)).to.eql({ kind: 'open', attempts: 1 });
    await open.store.transitions.appendLog(lease, { length: 0, bytes: Buffer.alloc(0), position: '', end: true });
    const [closed, deleted] = await Promise.all([
      open.store.transitions.close(lease, 1_000),
      open.store.removals.delete(uid, ''),
    ]);
    expect([closed, deleted]).to.eql(['ok', { kind: 'deleted' }]);
    expect(await open.store.runs.deleteRun(uid)).to.eql({ kind: 'gone' });
    expect(await open.client.exists(keys.run(uid))).to.equal(0);
  });

  it('deletes a run with a job that never ran', async () => {
    const uid = await open.create(pipelineOf({ a: [], b: [{ job: 'a', conditions: { failure: true } }] }));
    await driveRun(open, uid);
    expect((await open.store.runs.getRun(uid))?.jobCounts).to.include({ SUCCESSFUL: 1, SKIPPED: 1 });
    expect(await open.store.runs.deleteRun(uid)).to.eql({ kind: 'deleted' });
    expect(await keysOf(uid)).to.eql([]);
  });

  describe('with a large log', () => {
    const parts = 130;

    /** A run whose only log has `parts` parts. */
    async function endLarge(): Promise<RunUid> {
      const uid = await open.create(single);
      await endRun(open.store, uid, { log: ['x'] });
      await growLog(open.client, { run: uid, index: 0, attempt: 1 }, parts);
      return uid;
    }

    it('hides it at once, and removes the rest piece by piece', async () => {
      const uid = await endLarge();
      const hidden = await open.store.removals.delete(uid, '');
      expect(hidden).to.eql({ kind: 'deleted', rest: { index: 0, attempt: 1 } });
      expect(await open.store.runs.getRun(uid)).to.be.undefined;
      expect(await open.client.zrange(keys.deletions, 0, '-1')).to.eql([uid]);
      const left = (await keysOf(uid)).length;
      expect(left).to.be.within(1, parts);
      await open.store.removals.remove(uid);
      expect(await keysOf(uid)).to.eql([]);
      expect(await open.client.zcard(keys.deletions)).to.equal(0);
      expect(await logBytes()).to.equal(0);
      await open.store.removals.remove(uid); // A second removal finds nothing to do.
    });

    it('can start again after a process died in between', async () => {
      const uid = await endLarge();
      await open.store.removals.delete(uid, '');
      const marks = await open.store.runsToSweep.listHidden({ before: Infinity, limit: 10 });
      expect(marks).to.eql([uid]);
      await open.store.removals.remove(uid, { index: 0, attempt: 1 });
      expect(await keysOf(uid)).to.eql([]);
    });

    it('can remove only the logs, and says since when they are gone', async () => {
      const uid = await endLarge();
      expect(await open.store.removals.removeLogs(uid)).to.equal('removed');
      expect(await open.client.keys(`*log:${uid}*`)).to.eql([]);
      expect(await logBytes()).to.equal(0);
      expect((await open.store.logs.places(uid)).removedAt).to.be.closeTo(Date.now(), 10_000);
      expect(await open.store.runs.findJob(uid, 'a')).to.include({ status: 'SUCCESSFUL' });
      expect(await open.store.runs.deleteRun(uid)).to.eql({ kind: 'deleted' });
    });
  });

  it('keeps the logs of attempts that are not closed, and reports no removal of logs that never were', async () => {
    const uid = await open.create(single);
    expect(await open.store.removals.removeLogs(uid)).to.equal('open');
    const lease = await claimJob(open.store, uid, 0);
    await open.store.transitions.finish(lease, completed, {});
    expect(await open.store.removals.removeLogs(uid)).to.equal('open');
    await open.store.transitions.appendLog(lease, { length: 0, bytes: Buffer.alloc(0), position: '', end: true });
    await open.store.transitions.close(lease, 1_000);
    expect(await open.store.removals.removeLogs(uid)).to.equal('removed');
    expect((await open.store.logs.places(uid)).removedAt).to.be.undefined;
    await open.store.runs.deleteRun(uid);
    expect(await open.store.removals.removeLogs(uid)).to.equal('gone');
  });

  it('removes a run of thousands of jobs with all their logs', async () => {
    const wide = pipelineOf(Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`job-${at}`, []])));
    const uid = await open.create(wide);
    await driveRun(open, uid);
    expect(await open.store.runs.deleteRun(uid)).to.eql({ kind: 'deleted' });
    expect(await keysOf(uid)).to.eql([]);
  });
});

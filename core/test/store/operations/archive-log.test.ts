import { expect } from 'chai';
import { keys } from '../../../src/store/redis/keys.js';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { endRun } from '@chainr/testkit/end-run';
import { growLog } from '@chainr/testkit/grow-log';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';

/** More parts of a log than one call frees. */
const parts = 120;

describe('begin-archive and archive-log', () => {
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  const single = pipelineOf({ a: [] });
  const fieldsOf = (uid: string) => open.client.hkeys(keys.log(uid, 0, 1));
  async function createEnded(): Promise<string> {
    const uid = await open.create(single);
    await endRun(open.store, uid, { log: ['hello'] });
    return uid;
  }

  it('begins for a final run whose attempts are all closed, and for no other', async () => {
    const uid = await open.create(single);
    expect(await open.store.removals.beginArchive(uid)).to.equal('open');
    const lease = await claimJob(open.store, uid, 0);
    await open.store.transitions.appendLog(lease, { length: 0, bytes: Buffer.from('x'), position: '1', end: true });
    await open.store.transitions.finish(lease, completed, {});
    expect(await open.store.removals.beginArchive(uid)).to.equal('open');
    await open.store.transitions.close(lease, 1_000);
    expect(await open.store.removals.beginArchive(uid)).to.equal('done');
    await open.store.runs.deleteRun(uid);
    expect(await open.store.removals.beginArchive(uid)).to.equal('gone');
  });

  it('does not begin for a run whose logs are removed', async () => {
    const uid = await createEnded();
    await open.store.removals.removeLogs(uid);
    expect(await open.store.removals.beginArchive(uid)).to.equal('gone');
  });

  it('keeps the lengths of the log, and frees its bytes in as many calls as it takes', async () => {
    const uid = await createEnded();
    await growLog(open.client, { run: uid, index: 0, attempt: 1 }, parts);
    const length = await open.client.hget(keys.log(uid, 0, 1), 'length');
    await open.store.removals.beginArchive(uid);
    expect(await open.store.removals.archiveLog(uid, 0, 1)).to.equal('done');
    expect(await fieldsOf(uid)).to.have.members(['length', 'first', 'archived']);
    expect(await open.client.hget(keys.log(uid, 0, 1), 'length')).to.equal(length);
    expect(await open.client.keys('*:log:*:*:*')).to.deep.equal([]);
    expect(await open.store.removals.archiveLog(uid, 0, 1)).to.equal('done');
    await open.store.runs.deleteRun(uid);
    expect(await open.client.hget(keys.counters, 'logBytes')).to.equal('0');
  });

  it('notes that the objects are to be removed if the log was removed meanwhile', async () => {
    const [deleted, removed] = [await createEnded(), await createEnded()];
    for (const uid of [deleted, removed]) await open.store.removals.beginArchive(uid);
    await open.store.runs.deleteRun(deleted);
    await open.store.removals.removeLogs(removed);
    await open.client.del(keys.objectRemovals);
    expect(await open.store.removals.archiveLog(deleted, 0, 1)).to.equal('gone');
    expect(await open.store.removals.archiveLog(removed, 0, 1)).to.equal('gone');
    const due = await open.client.zrange(keys.objectRemovals, '0', '-1');
    expect(due).to.have.members([deleted, removed].flatMap((uid) => [`${uid}.1`, `${uid}.2`]));
  });

  it('notes nothing for runs that were never archived', async () => {
    const uid = await createEnded();
    await open.store.removals.removeLogs(uid);
    await open.store.runs.deleteRun(uid);
    expect(await open.client.exists(keys.objectRemovals)).to.equal(0);
  });
});

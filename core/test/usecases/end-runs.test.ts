import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { endRun } from '@chainr/testkit/end-run';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import { cancel } from '../../src/usecases/cancel.js';
import { deleteEnded } from '../../src/usecases/delete.js';

const unknown = '00000000-0000-7000-8000-000000000000';
const noSuchRun = { kind: 'no-run', message: `There is no run "${unknown}".` };

describe('the use cases that end runs', () => {
  let open: OpenStore;
  before(async () => (open = await openStore()));
  after(() => open.close());

  it('cancel a run once, and say that a repeat changed nothing', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    expect(await cancel(open.store, uid)).to.eql({ kind: 'requested' });
    expect((await open.store.runs.getRun(uid))?.status).to.equal('CANCELED');
    expect(await cancel(open.store, uid)).to.eql({ kind: 'unchanged' });
  });

  it('refuse a run that does not exist', async () => {
    expect(await cancel(open.store, unknown)).to.eql(noSuchRun);
    expect(await deleteEnded(open.store, unknown)).to.eql(noSuchRun);
  });

  it('keep a run that has not ended', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const message = 'The run is PENDING: cancel it first, or wait until it has ended.';
    expect(await deleteEnded(open.store, uid)).to.eql({ kind: 'live', message });
    expect(await open.store.runs.getRun(uid)).not.to.equal(undefined);
  });

  it('keep a run while its log is being stored', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    const lease = await claimJob(open.store, uid, 0);
    await open.store.transitions.finish(lease, completed, {});
    expect(await deleteEnded(open.store, uid)).to.eql({
      kind: 'log-open',
      message: 'The run has ended, but the log of an attempt is still being stored; try again in a moment.',
    });
  });

  it('delete a run that has ended', async () => {
    const uid = await open.create(pipelineOf({ a: [] }));
    await endRun(open.store, uid);
    expect(await deleteEnded(open.store, uid)).to.eql({ kind: 'deleted' });
    expect(await open.store.runs.getRun(uid)).to.equal(undefined);
  });
});

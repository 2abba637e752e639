import { expect } from 'chai';
import { pipelineOf } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { openStore, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import type { Lease } from '../../../src/store/redis/keys.js';

const sentence = 'The executor is out of order: no space is left. Trying again.';
const started = { startedMs: 1 };

describe('an outage that a worker reports of an attempt', () => {
  let open: OpenStore;
  let lease: Lease;
  let cursor: string;
  before(async () => (open = await openStore()));
  after(() => open.close());
  beforeEach(async () => {
    lease = await claimJob(open.store, await open.create(pipelineOf({ only: [] })), 0);
    cursor = await open.store.events.lastCursor();
  });

  const outage = (text: string) => open.store.transitions.reportOutage(lease, text);
  const report = (reason: 'Starting' | 'PullingImage' | 'Executing', message = '') =>
    open.store.transitions.report(lease, reason, message, reason === 'Executing' ? started : {});
  const shown = async () => {
    const job = await open.store.runs.findJob(lease.run, 'only');
    return [job?.status, job?.reason, job?.message];
  };
  const told = async () => {
    const { events } = await open.store.events.readEvents(cursor, 100);
    return events.map((event) => [event.kind, 'message' in event ? event.message : undefined]);
  };

  it('becomes the message of the job and keeps its reason; a repeat is no event', async () => {
    expect([await outage(sentence), await outage(sentence)]).to.eql([true, true]);
    expect(await shown()).to.eql(['RUNNING', 'Starting', sentence]);
    expect(await told()).to.eql([['job.reason', sentence]]);
  });

  it('stays when its worker reports Starting again', async () => {
    await outage(sentence);
    expect(await report('Starting')).to.be.true;
    expect(await shown()).to.eql(['RUNNING', 'Starting', sentence]);
  });

  it('is cleared by the next phase, and by a repeat of the same phase', async () => {
    await report('PullingImage', 'Pulls busybox.');
    await outage(sentence);
    expect(await shown()).to.eql(['RUNNING', 'PullingImage', sentence]);
    await report('PullingImage', 'Pulls busybox.');
    expect(await shown()).to.eql(['RUNNING', 'PullingImage', 'Pulls busybox.']);
    await outage(sentence);
    await report('Executing');
    expect(await shown()).to.eql(['RUNNING', 'Executing', 'Running.']);
    await outage(sentence);
    await report('Executing');
    expect(await shown()).to.eql(['RUNNING', 'Executing', 'Running.']);
  });

  it('is cleared by an empty report', async () => {
    await outage(sentence);
    await outage('');
    await outage('');
    expect(await shown()).to.eql(['RUNNING', 'Starting', 'A worker has claimed it and is starting it.']);
    expect((await told()).map(([kind]) => kind)).to.eql(['job.reason', 'job.reason']);
  });

  it('is shown after the reason of a stop', async () => {
    const stop = 'A cancel was requested; it is being stopped.';
    await outage(sentence);
    await open.store.transitions.cancel(lease.run);
    expect(await shown()).to.eql(['RUNNING', 'Canceling', stop]);
    await outage(sentence);
    await outage('The executor is out of order: gone. Away. Trying again.');
    await report('Executing');
    expect(await shown()).to.eql(['RUNNING', 'Canceling', `${stop} The executor is out of order: gone. Away. Trying again.`]); // prettier-ignore
    await outage('');
    expect(await shown()).to.eql(['RUNNING', 'Canceling', stop]);
  });

  it('is refused from another owner, and after the end of the attempt', async () => {
    expect(await open.store.transitions.reportOutage({ ...lease, owner: 'other' }, sentence)).to.be.false;
    expect(await open.store.transitions.reportOutage({ ...lease, epoch: lease.epoch + 1 }, sentence)).to.be.false;
    await open.store.transitions.finish(lease, completed, {});
    expect(await outage(sentence)).to.be.false;
    expect((await shown())[0]).to.equal('SUCCESSFUL');
  });
});

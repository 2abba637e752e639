import { expect } from 'chai';
import { fanOfJobs } from '@chainr/testkit/builders';
import { claimJob } from '@chainr/testkit/claim-job';
import { driveRun } from '@chainr/testkit/drive-run';
import { openRedisClient } from '@chainr/testkit/open-redis-client';
import { openStore, silentLogger, type OpenStore } from '@chainr/testkit/open-store';
import { completed } from '@chainr/testkit/outcomes';
import type { Outcome } from '../../../src/engine/outcome.js';
import { Batcher } from '../../../src/store/script/batcher.js';
import { keys, type Lease } from '../../../src/store/redis/keys.js';
import { composeLibrary } from '../../../src/store/script/library.js';
import { Store } from '../../../src/store/store.js';
import { Transitions } from '../../../src/store/script/transitions.js';

/** More jobs than one call resolves. */
const width = 3_000;

describe('a fan too wide for one call', function () {
  this.timeout(120_000);
  let open: OpenStore;
  beforeEach(async () => (open = await openStore()));
  afterEach(() => open.close());

  /** Reports the end of a job and dies after the first call, which leaves edges unresolved. */
  async function finishAndDie(lease: Lease, outcome: Outcome): Promise<void> {
    const connection = await openRedisClient(open.redis.url);
    const batcher = new Batcher({
      connection,
      logger: silentLogger,
      library: composeLibrary(),
      patienceMs: 500,
      commandTimeoutMs: 1_500,
      deliver: open.inbox.deliver,
    });
    const run: Batcher['run'] = (name, ...rest) =>
      name === 'resume' ? Promise.reject(new Error('it died')) : batcher.run(name, ...rest);
    const dying = Object.assign(Object.create(batcher) as Batcher, { run });
    const answer: unknown = await new Transitions(dying).finish(lease, outcome, {}).catch((error: unknown) => error);
    connection.disconnect();
    expect(String(answer)).to.equal('Error: it died');
  }

  const failed: Outcome = { reason: 'ExitCode', exitCode: 1 };

  it('is completed by another process if the first one dies in between', async () => {
    const uid = await open.create(fanOfJobs(width));
    const lease = await claimJob(open.store, uid, 0);
    open.inbox.take(uid);
    await finishAndDie(lease, completed);
    expect(await open.store.runsToSweep.listUnresolved({ before: Date.now() + 1_000, limit: 10 })).to.eql([uid]);
    const after = new Store({ url: open.redis.url, logger: silentLogger, deliver: open.inbox.deliver });
    await after.start();
    await after.transitions.resume(uid);
    await after.stop();
    expect(await open.client.zcard(keys.chunks)).to.equal(0);
    await driveRun(open, uid);
    expect((await open.store.runs.getRun(uid))?.jobCounts).to.include({ SUCCESSFUL: width + 2, PENDING: 0 });
  });

  it('does not end its run before all of its jobs are skipped', async () => {
    const uid = await open.create(fanOfJobs(width));
    await finishAndDie(await claimJob(open.store, uid, 0), failed);
    expect((await open.store.runs.getRun(uid))?.status).to.equal('RUNNING');
    await Promise.all([open.store.transitions.resume(uid), open.store.transitions.resume(uid)]);
    const run = await open.store.runs.getRun(uid);
    expect(run).to.include({ status: 'FAILED' });
    expect(run?.jobCounts).to.include({ FAILED: 1, SKIPPED: width + 1 });
    expect(await open.client.exists(`{chainr}:todo:${uid}`)).to.equal(0);
  });

  it('is resolved further when other jobs of the run end', async () => {
    const uid = await open.create(fanOfJobs(width));
    await finishAndDie(await claimJob(open.store, uid, 0), completed);
    await driveRun(open, uid); // Runs what the first call handed out. Each end resolves more of the rest.
    await open.store.transitions.resume(uid);
    await driveRun(open, uid);
    expect(await open.store.runs.getRun(uid)).to.include({ status: 'SUCCESSFUL' });
  });

  it('changes nothing of a run that has nothing to resume', async () => {
    const cursor = await open.store.events.lastCursor();
    await open.store.transitions.resume('01990000-0000-7000-8000-00000000dead');
    expect(await open.store.events.lastCursor()).to.equal(cursor);
  });
});

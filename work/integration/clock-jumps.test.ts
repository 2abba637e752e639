import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { beginning } from '@chainr/core/store/event-stream';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { useJumpingClocks, type JumpingClock } from '@chainr/testkit/jumping-redis';
import { untilFound } from '@chainr/testkit/processes-of';
import { untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';

const hour = 3_600_000;

describe('workers while the clock of a real Redis jumps', function () {
  this.timeout(120_000);
  const folders = useDataFolders();
  const clocks = useJumpingClocks();
  let home: string;
  let clock: JumpingClock;
  let group: WorkerGroup;

  beforeEach(async () => {
    home = await folders.make();
    clock = await clocks.make();
    group = await WorkerGroup.start({ home, kind: 'process', env: briefLeases, redisProgram: clock.program });
  });
  afterEach(() => group.stop());

  /** Says that it runs, and waits until it may end. */
  const waiting = (name: string) => `touch ${path.join(home, name)}.runs; until [ -e ${path.join(home, 'go')} ]; do sleep 0.05; done`; // prettier-ignore
  const untilRuns = (name: string) => untilFound(() => existsSync(path.join(home, `${name}.runs`)));
  const go = () => writeFile(path.join(home, 'go'), '');
  const reasonsOf = async (run: string) =>
    (await group.store.events.readEvents(beginning, 10_000)).events.flatMap(
      (event) =>
      event.run === run && event.kind !== 'run.created' && event.kind !== 'run.status' ? [`${event.job} ${event.reason}`] : [], // prettier-ignore
    );

  it('stop no job and take over none, ahead and back, and what follows starts and ends as ever', async () => {
    const workers = [await group.startWorker(), await group.startWorker()];
    const limits = { timeout: '10m', pendingTimeout: '10m' };
    const run = await group.createRun({
      kind: 'Pipeline',
      timeout: '30m',
      jobs: {
        one: { image: 'busybox', run: waiting('one'), ...limits },
        two: { image: 'busybox', run: waiting('two'), ...limits },
        then: { image: 'busybox', run: 'true', dependsOn: ['one', 'two'], ...limits },
      },
    });
    await Promise.all([untilRuns('one'), untilRuns('two')]);
    for (const ahead of [hour, 0, -hour, hour, 365 * 24 * hour, 0]) {
      await clock.set(ahead);
      await group.untilRenewed(6); // Meanwhile deadlines and leases are looked through, too.
    }
    await go();
    await untilFinal(group.store.events, run);
    expect((await group.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
    expect((await reasonsOf(run)).filter((reason) => /Canceling|TimedOut|Lost|Adopt|Backoff/.test(reason))).to.eql([]);
    expect(await Promise.all([0, 1, 2].map((index) => group.adoptionsOf(run, index)))).to.eql([0, 0, 0]);
    for (const { output } of workers) expect(output).not.to.match(/attempt\.adopted/);
  });

  for (const { name, ahead } of [
    { name: 'back', ahead: -hour },
    { name: 'ahead', ahead: hour },
  ]) {
    it(`take over what a dead worker had, after a jump ${name}`, async () => {
      const first = await group.startWorker();
      const run = await group.createRun({ kind: 'Pipeline', jobs: { one: { image: 'busybox', run: waiting('one') } } });
      await untilRuns('one');
      const second = await group.startWorker();
      await group.untilRenewed(3);
      first.signal('SIGKILL');
      await first.ended;
      await clock.set(ahead);
      await second.says(/attempt\.adopted/);
      await go();
      await untilFinal(group.store.events, run);
      expect((await group.store.runs.getRun(run))?.status).to.equal('SUCCESSFUL');
      expect(await group.adoptionsOf(run, 0)).to.equal(1);
    });
  }

  it('end what has had its timeout, after a jump back, and try again what failed', async () => {
    await group.startWorker();
    const run = await group.createRun({
      kind: 'Pipeline',
      jobs: {
        one: { image: 'busybox', run: waiting('one'), timeout: '4s', allowFailure: true },
        two: { image: 'busybox', run: `[ -e ${path.join(home, 'failed')} ] || { touch ${path.join(home, 'failed')}; exit 1; }`, retries: { limit: 1, backoff: { initial: '3s' } } }, // prettier-ignore
      },
    });
    await Promise.all([untilRuns('one'), untilFound(() => existsSync(path.join(home, 'failed')))]);
    await clock.set(-hour);
    await untilFinal(group.store.events, run);
    expect((await group.store.runs.findJob(run, 'one'))?.reason).to.equal('TimedOut');
    expect(await group.store.runs.findJob(run, 'two')).to.include({ status: 'SUCCESSFUL', attempt: 2 });
  });
});

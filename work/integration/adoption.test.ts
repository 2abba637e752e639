import path from 'node:path';
import { expect } from 'chai';
import { beginning } from '@chainr/core/store/event-stream';
import type { RunUid } from '@chainr/core/model/records';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { linesIn, untilLines } from '@chainr/testkit/lines-in';
import { untilFinal } from '@chainr/testkit/waits';
import { WorkerGroup } from '@chainr/testkit/worker-group';

const seconds = 20;

/** A job that writes a line each tenth of a second, for twenty seconds. */
const longJob = (ledger: string): object => {
  const run = `echo "$CHAINR_ATTEMPT" >> "$LEDGER"; i=0; while [ $i -lt ${String(seconds * 10)} ]; do echo "line $i"; i=$((i+1)); sleep 0.1; done`;
  return { kind: 'Pipeline', env: { LEDGER: ledger }, jobs: { only: { image: 'busybox', run } } };
};

describe('the work of a worker that goes away, at the default settings', function () {
  this.timeout(120_000);
  const folders = useDataFolders();
  let group: WorkerGroup | undefined;

  afterEach(async () => {
    await group?.stop();
    group = undefined;
  });

  /** What the run looks like in the end: one start, one attempt, every line once. */
  async function expectUntouched(workers: WorkerGroup, run: RunUid, ledger: string): Promise<void> {
    await untilFinal(workers.store.events, run, 60_000);
    expect(linesIn(ledger)).to.deep.equal(['1']);
    const attempts = await workers.store.runs.listAttempts(run, 0);
    expect(attempts.map(({ attempt, status }) => [attempt, status])).to.deep.equal([[1, 'SUCCESSFUL']]);
    const expected = Array.from({ length: seconds * 10 }, (_, at) => `main stdout line ${String(at)}`);
    expect(await workers.logOf(run, 0)).to.deep.equal(expected);
    const { events } = await workers.store.events.readEvents(beginning, 100);
    const statuses = events.flatMap((event) => (event.kind === 'job.status' ? [event.status] : []));
    expect(statuses).to.deep.equal(['RUNNING', 'SUCCESSFUL']);
  }

  it('is adopted within 15 s of a kill -9, and goes on with its log, as the same attempt', async () => {
    const home = await folders.make();
    const ledger = path.join(home, 'ledger');
    group = await WorkerGroup.start({ home, kind: 'process' });
    const first = await group.startWorker();
    const run = await group.createRun(longJob(ledger));
    await untilLines(ledger, 1);
    const second = await group.startWorker();
    first.signal('SIGKILL');
    const killedAt = performance.now();
    await second.says(/"event":"attempt.adopted"/);
    const afterMs = performance.now() - killedAt;
    console.log(`      adopted ${(afterMs / 1000).toFixed(1)} s after the kill`);
    expect(afterMs).to.be.below(15_000);
    await expectUntouched(group, run, ledger);
  });

  it('is handed over within 2 s of a SIGTERM, and is not disturbed by it', async () => {
    const home = await folders.make();
    const ledger = path.join(home, 'ledger');
    group = await WorkerGroup.start({ home, kind: 'process' });
    const first = await group.startWorker();
    const run = await group.createRun(longJob(ledger));
    await untilLines(ledger, 1);
    const second = await group.startWorker();
    // A Redis that has just started gives owners time to renew first.
    while ((await group.store.work.serverLife()).upMs < 8_000) await group.untilRenewed(1);
    first.signal('SIGTERM');
    const toldAt = performance.now();
    await second.says(/"event":"attempt.adopted"/);
    const afterMs = performance.now() - toldAt;
    console.log(`      adopted ${(afterMs / 1000).toFixed(1)} s after the signal`);
    expect(afterMs).to.be.below(2_000);
    expect((await first.ended).code).to.equal(0);
    await expectUntouched(group, run, ledger);
  });
});

import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { eachAtOnce } from '@chainr/testkit/each-at-once';
import { untilFound } from '@chainr/testkit/until-found';
import { untilEvent, untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';
import type { PodSubject } from './pods.js';

interface Row {
  state: string;
  job: object;
  /** Brings the run into the state. */
  until: (group: WorkerGroup, run: RunUid, subject: PodSubject) => Promise<unknown>;
  starts: readonly string[];
  /** What may start before the cancel arrives. */
  mayStart?: string;
}

const reason =
  (wanted: string): Row['until'] =>
  ({ store }, run) =>
    untilEvent(store.events, (event) => event.kind === 'job.reason' && event.run === run && event.reason === wanted);

const started =
  (step: string): Row['until'] =>
  (_group, run, subject) =>
    untilFound('a step to start', () => subject.recorder().startsOf(run).includes(`only 1 ${step}`));

const sleeping = { image: 'busybox', run: 'sleep 1000' };
const quick = { name: 'first', run: 'true' };

/** The last one is canceled right after it got there. */
const rows: readonly Row[] = [
  { state: 'running', job: sleeping, until: reason('Executing'), starts: ['only 1 main'] },
  { state: 'running, deaf to SIGTERM', job: { ...sleeping, run: `trap '' TERM; while :; do sleep 1; done` }, until: reason('Executing'), starts: ['only 1 main'] }, // prettier-ignore
  { state: 'unscheduled', job: { ...sleeping, resources: { requests: { cpu: '1000' } } }, until: reason('Unschedulable'), starts: [] }, // prettier-ignore
  { state: 'pulling an image that is not there', job: { ...sleeping, image: 'chainr.invalid/none:1' }, until: reason('PullingImage'), starts: [] }, // prettier-ignore
  { state: 'between steps', job: { image: 'busybox', steps: [quick, { name: 'second', run: 'sleep 1000' }] }, until: started('first'), starts: ['only 1 first'], mayStart: 'only 1 second' }, // prettier-ignore
];

/** A cancel in the states that only a pod has. */
export function canceledPodTests(subject: PodSubject): void {
  const folders = useDataFolders();

  /** Brings a run into each state, and then cancels all of them. */
  async function cancelEach(group: WorkerGroup, isFrozen: boolean): Promise<void> {
    const worker = await group.startWorker();
    const canceled: { row: Row; run: RunUid }[] = [];
    for (const row of rows) {
      const run = await group.createRun({ kind: 'Pipeline', jobs: { only: row.job } });
      await row.until(group, run, subject);
      canceled.push({ row, run });
    }
    if (isFrozen) worker.signal('SIGSTOP');
    for (const { row, run } of canceled) expect(await group.store.transitions.cancel(run), row.state).to.equal('ok');
    const last = isFrozen ? await group.startWorker() : worker;
    await eachAtOnce(canceled, canceled.length, async ({ row: { state }, run }) => {
      await untilFinal(group.store.events, run);
      const told = await group.store.runs.findJob(run, 'only');
      expect(told, state).to.include({ status: 'CANCELED', reason: 'CanceledByUser' });
      await subject.recorder().untilGone(run);
    });
    if (isFrozen) worker.signal('SIGCONT');
    await group.untilRenewed(3);
    for (const each of new Set([worker, last])) {
      each.signal('SIGTERM');
      expect((await each.ended).code, each.output).to.equal(0);
    }
    for (const { row, run } of canceled) {
      const starts = subject.recorder().startsOf(run);
      const begun = starts.filter((start) => start !== row.mayStart);
      expect(begun, row.state).to.deep.equal(row.starts);
      expect(subject.recorder().doubledIn(run), row.state).to.deep.equal([]);
    }
  }

  for (const isFrozen of [false, true]) {
    it(`ends a pod in any state and removes it${isFrozen ? ', while its worker is frozen and another comes' : ''}`, async function () {
      this.timeout(300_000);
      const home = await folders.make();
      const env = {
        ...briefLeases,
        CHAINR_STOP_GRACE: '1s',
        CHAINR_REMOVAL_GRACE: '1s',
        CHAINR_CAPACITY: '10',
        ...subject.env(),
      };
      const group = await WorkerGroup.start({ home, kind: subject.kind, env });
      try {
        await cancelEach(group, isFrozen);
      } finally {
        await group.stop();
      }
    });
  }
}

import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { eachAtOnce } from '@chainr/testkit/each-at-once';
import { untilFound } from '@chainr/testkit/until-found';
import { untilEvent, untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';
import type { PodSubject } from './pods.js';

const atOnce = 3;

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

const rows: readonly Row[] = [
  { state: 'unscheduled', job: { ...sleeping, resources: { requests: { cpu: '1000' } } }, until: reason('Unschedulable'), starts: [] }, // prettier-ignore
  { state: 'pulling an image that is not there', job: { ...sleeping, image: 'chainr.invalid/none:1' }, until: reason('PullingImage'), starts: [] }, // prettier-ignore
  { state: 'running', job: sleeping, until: reason('Executing'), starts: ['only 1 main'] },
  { state: 'running, deaf to SIGTERM', job: { ...sleeping, run: `trap '' TERM; while :; do sleep 1; done` }, until: reason('Executing'), starts: ['only 1 main'] }, // prettier-ignore
  { state: 'between steps', job: { image: 'busybox', steps: [quick, { name: 'second', run: 'sleep 1000' }] }, until: started('first'), starts: ['only 1 first'], mayStart: 'only 1 second' }, // prettier-ignore
];

/** A cancel in the states that only a pod has. */
export function canceledPodTests(subject: PodSubject): void {
  const folders = useDataFolders();

  async function cancelAt({ state, job, until, starts, mayStart }: Row, isFrozen: boolean): Promise<void> {
    const home = await folders.make();
    const env = { ...briefLeases, CHAINR_STOP_GRACE: '1s', CHAINR_REMOVAL_GRACE: '1s', ...subject.env() };
    const group = await WorkerGroup.start({ home, kind: subject.kind, env });
    try {
      const worker = await group.startWorker();
      const run = await group.createRun({ kind: 'Pipeline', jobs: { only: job } });
      await until(group, run, subject);
      if (isFrozen) worker.signal('SIGSTOP');
      expect(await group.store.transitions.cancel(run), state).to.equal('ok');
      const last = isFrozen ? await group.startWorker() : worker;
      await untilFinal(group.store.events, run);
      const told = await group.store.runs.findJob(run, 'only');
      expect(told, state).to.include({ status: 'CANCELED', reason: 'CanceledByUser' });
      await subject.recorder().untilGone(run);
      if (isFrozen) worker.signal('SIGCONT');
      await group.untilRenewed(3);
      for (const each of new Set([worker, last])) {
        each.signal('SIGTERM');
        expect((await each.ended).code, `${state}: ${each.output}`).to.equal(0);
      }
      const begun = subject
        .recorder()
        .startsOf(run)
        .filter((start) => start !== mayStart);
      expect(begun, state).to.deep.equal(starts);
      expect(subject.recorder().doubledIn(run), state).to.deep.equal([]);
    } finally {
      await group.stop();
    }
  }

  for (const isFrozen of [false, true]) {
    it(`ends a pod in any state and removes it${isFrozen ? ', while its worker is frozen and another comes' : ''}`, async function () {
      this.timeout(300_000);
      await eachAtOnce(rows, atOnce, (row) => cancelAt(row, isFrozen));
    });
  }
}

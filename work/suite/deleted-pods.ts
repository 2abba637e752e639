import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import type { Cluster } from '@chainr/testkit/cluster/cluster';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { eachAtOnce } from '@chainr/testkit/each-at-once';
import { untilFound } from '@chainr/testkit/until-found';
import { untilClosed, untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup } from '@chainr/testkit/worker-group';
import type { PodSubject } from './pods.js';

/** How many rows run at once. Each has up to two workers. */
const atOnce = 3;

/** Counts for ever in the first attempt, and ends at once in others. */
const counting = `[ "$CHAINR_ATTEMPT" = 1 ] || { echo again; exit 0; }; i=0; while :; do echo "line $i"; i=$((i+1)); sleep 0.1; done`;
/** The same, and says how it ends. */
const polite = `trap 'echo bye; exit 7' TERM; ${counting}`;

interface Row {
  what: string;
  script: string;
  act: (cluster: Cluster, name: string) => Promise<void>;
  /** Reason and exit code of each attempt. */
  attempts: readonly string[];
  /** Whether somebody can still know how it ended. */
  isSeen: boolean;
}

const gracefully: Row['act'] = (cluster, name) => cluster.deletePod(name);
const byForce: Row['act'] = (cluster, name) => cluster.deletePod(name, 0);
const withFinalizer: Row['act'] = (cluster, name) => cluster.removePod(name);

const rows: readonly Row[] = [
  { what: 'gracefully, and handles SIGTERM', script: polite, act: gracefully, attempts: ['ExitCode 7'], isSeen: true },
  { what: 'gracefully', script: counting, act: gracefully, attempts: ['Deleted', 'Completed 0'], isSeen: true },
  { what: 'by force', script: counting, act: byForce, attempts: ['Deleted', 'Completed 0'], isSeen: true },
  {
    what: 'with its finalizer',
    script: counting,
    act: withFinalizer,
    attempts: ['Deleted', 'Completed 0'],
    isSeen: false,
  },
];

/** Somebody deletes the pod of an attempt that runs. */
export function deletedPodTests(subject: PodSubject): void {
  const folders = useDataFolders();

  async function harm({ what, script, act, attempts, isSeen }: Row, isWorkerDead: boolean): Promise<void> {
    const home = await folders.make();
    const env = { ...briefLeases, CHAINR_STOP_GRACE: '2s', ...subject.env() };
    const group = await WorkerGroup.start({ home, kind: subject.kind, env });
    try {
      const first = await group.startWorker();
      const run = await group.createRun({ kind: 'Pipeline', jobs: { only: { image: 'busybox', run: script } } });
      await untilStored(group, run);
      if (isWorkerDead) {
        first.signal('SIGKILL');
        await first.ended;
      }
      const [pod] = subject.recorder().podsOf(run);
      await act(subject.cluster(), pod?.name ?? '');
      const seenEnd = () => pod?.isGone === true || pod?.last.status?.phase === 'Failed';
      await untilFound('the end of the pod', seenEnd);
      const last = isWorkerDead ? await group.startWorker() : first;
      await untilFinal(group.store.events, run);
      await untilClosed(group.store, run);
      const told = await group.store.runs.listAttempts(run, 0);
      const seen = told.map(({ reason, exitCode }) => (exitCode === undefined ? reason : `${reason} ${exitCode}`));
      expect(seen[0], what).to.match(new RegExp(`^${attempts[0] ?? ''}`));
      expect(seen.slice(1), what).to.deep.equal(attempts.slice(1));
      expectWholeOrCut(await group.logOf(run, 0, 1), { what, isPolite: script === polite, mustBeCut: !isSeen && isWorkerDead }); // prettier-ignore
      expect(subject.recorder().doubledIn(run), what).to.deep.equal([]);
      const starts = attempts.map((_, at) => `only ${String(at + 1)} main`);
      expect(subject.recorder().startsOf(run), what).to.deep.equal(starts);
      last.signal('SIGTERM');
      expect((await last.ended).code, `${what}: ${last.output}`).to.equal(0);
    } finally {
      await group.stop();
    }
  }

  /** Waits until some lines of the first attempt are stored. */
  async function untilStored({ store }: WorkerGroup, run: RunUid): Promise<void> {
    const read = () => store.logs.read(run, 0, 1, { offset: 0, maxBytes: 1024 });
    await untilFound('some lines', read, (page) => (page?.bytes.length ?? 0) > 20);
  }

  for (const isWorkerDead of [false, true]) {
    it(`ends as it was seen to end, or is followed by another attempt, ${isWorkerDead ? 'while no worker runs' : 'while a worker runs'}`, async function () {
      this.timeout(300_000);
      await eachAtOnce(rows, atOnce, (row) => harm(row, isWorkerDead));
    });
  }
}

/** The lines that a log begins with have no gap. What is missing behind them is marked. */
function expectWholeOrCut(
  log: readonly string[],
  { what, isPolite, mustBeCut }: { what: string; isPolite: boolean; mustBeCut: boolean },
): void {
  const isCut = log.at(-1)?.startsWith('main system [chainr: ') ?? false;
  const body = isCut ? log.slice(0, -1) : [...log];
  if (mustBeCut) expect(isCut, `${what}: the cut is marked: ${log.slice(-3).join(' | ')}`).to.equal(true);
  if (isPolite && !isCut) expect(body.pop(), what).to.equal('main stdout bye');
  if (body.at(-1) === 'main stdout bye') body.pop();
  expect(body, what).to.deep.equal(body.map((_, at) => `main stdout line ${String(at)}`));
  expect(body, what).not.to.have.length(0);
}

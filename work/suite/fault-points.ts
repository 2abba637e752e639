import { expect } from 'chai';
import { faultPoints, type FaultPoint } from '@chainr/core/engine/fault-points';
import type { ChainrEvent, RunUid } from '@chainr/core/engine/records';
import { beginning } from '@chainr/core/store/events/event-stream';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { eachAtOnce } from '@chainr/testkit/each-at-once';
import { untilClosed, untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup, type Fault } from '@chainr/testkit/worker-group';
import { noteStart, type Subject } from './seen-from-outside.js';

/** How many cells run at once. Each has two workers. */
const atOnce = 4;
const lines = 12;
const burst = 3_000;

/** Two steps: a slow one, and one that ends right after more output than is read at once. */
function twoSteps(ledger: string): object {
  const slow = `${noteStart}; i=0; while [ $i -lt ${String(lines)} ]; do echo "line $i"; echo "error $i" >&2; i=$((i+1)); sleep 0.1; done`;
  const fast = `${noteStart}; awk 'BEGIN { for (i = 0; i < ${String(burst)}; i++) print "line " i }'; exit 3`;
  const steps = [
    { name: 'slow', run: slow },
    { name: 'fast', run: fast },
  ];
  return { kind: 'Pipeline', env: { LEDGER: ledger }, jobs: { only: { image: 'busybox', steps } } };
}

const numbered = (head: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${head} line ${String(at)}`);

/** What happens to a worker, and when a frozen or disconnected worker comes back. */
interface Hazard {
  name: string;
  signal: Fault['signal'];
  back?: 'when all is over' | 'when it is adopted';
}

const hazards: readonly Hazard[] = [
  { name: 'frozen until all is over', signal: 'SIGSTOP', back: 'when all is over' },
  { name: 'frozen until it is adopted', signal: 'SIGSTOP', back: 'when it is adopted' },
  { name: 'cut off until all is over', signal: 'CUT', back: 'when all is over' },
  { name: 'cut off until it is adopted', signal: 'CUT', back: 'when it is adopted' },
  { name: 'killed', signal: 'SIGKILL' },
];

interface Cell extends Fault {
  name: string;
  endedAfterMs: number;
  adoptedAfterMs: number;
  starts: string[];
  endings: number;
  lines: number;
  status: string;
}

/** @param only the names of hazards, where all of them would take too long */
export function faultPointTests(subject: Subject, only: readonly string[] = hazards.map(({ name }) => name)): void {
  const folders = useDataFolders();
  const cells: Cell[] = [];

  after(() => {
    if (cells.length === 0) return;
    console.log(
      `      ${subject.kind}: point, what befell, adopted after, job ended after, starts, ends, lines, status`,
    );
    for (const { point, name, adoptedAfterMs, endedAfterMs, starts, endings, lines: count, status } of cells) {
      const times = [adoptedAfterMs, endedAfterMs].map((ms) => `${(ms / 1000).toFixed(1)} s`.padStart(6)).join('  ');
      const counts = [starts.length, endings, count].map(String).join('  ');
      console.log(`      ${point.padEnd(17)} ${name.padEnd(27)}  ${times}  ${counts}  ${status}`);
    }
  });

  async function runCell(point: FaultPoint, hazard: Hazard): Promise<Cell> {
    const home = await folders.make();
    const group = await WorkerGroup.start({ home, kind: subject.kind, env: { ...briefLeases, ...subject.env() } });
    try {
      const cell = await inGroup(group, home, point, hazard);
      cells.push(cell);
      return cell;
    } finally {
      await group.stop();
    }
  }

  async function inGroup(group: WorkerGroup, home: string, point: FaultPoint, hazard: Hazard): Promise<Cell> {
    const { name, signal, back } = hazard;
    const fault: Fault = { point, signal };
    const what = `${point}, ${name}`;
    const first = await group.startWorker(fault);
    const run = await group.createRun(twoSteps(subject.ledger(home)));
    await group.untilReached(fault);
    const reachedAt = Date.now();
    const second = await group.startWorker();
    const adoptedAt = timeOf(await second.says(/^.*"event":"attempt.adopted".*$/m));
    if (back === 'when it is adopted') group.undo(first, fault);
    await untilFinal(group.store.events, run);
    await untilClosed(group.store, run);
    const before = await look(group, home, run);
    if (back) {
      second.signal('SIGTERM');
      await second.ended;
      if (back === 'when all is over') group.undo(first, fault);
      await group.untilRenewed(3);
      first.signal('SIGTERM');
      expect((await first.ended).code, `${what}: the worker that comes back ends in order: ${first.output}`).to.equal(
        0,
      );
    }
    const after = await look(group, home, run);
    expect(after, `${what}: the worker that comes back changes nothing`).to.deep.equal(before);

    const ended = after.events.find(({ kind, time }) => kind === 'job.status' && time > reachedAt);
    const statuses = after.events.flatMap((event) => (event.kind === 'job.status' ? [event.status] : []));
    // Its start is recorded right before the request that creates and starts it: if nothing is found, it is Lost.
    // One that is cut off may still send it.
    const mayBeLost = point === 'after-create' && subject.startsAtCreation;
    const isLost = mayBeLost && (signal !== 'CUT' || after.attempts.length > 1);
    const last = isLost ? 2 : 1;
    expect(statuses, what).to.deep.equal([...(isLost ? ['RUNNING', 'PENDING'] : []), 'RUNNING', 'FAILED']);
    expect(after.attempts, what).to.deep.equal([
      ...(isLost ? [{ attempt: 1, reason: 'Lost', exitCode: undefined }] : []),
      { attempt: last, reason: 'ExitCode', exitCode: 3 },
    ]);
    expect([...after.starts].sort(), what).to.deep.equal([`only ${last} fast`, `only ${last} slow`]);
    expect(await subject.running(home, run), `${what}: what still runs`).to.deep.equal([]);
    const byStream = (head: string) => after.log.filter((line) => line.startsWith(head));
    expect(byStream('slow stdout'), what).to.deep.equal(
      Array.from({ length: lines }, (_, at) => [
        `slow stdout line ${String(at)}`,
        `slow stdout error ${String(at)}`,
      ]).flat(),
    );
    expect(byStream('fast stdout'), what).to.deep.equal(numbered('fast stdout', burst));
    expect(after.log, what).to.have.length(2 * lines + burst);
    return {
      ...fault,
      name,
      adoptedAfterMs: adoptedAt - reachedAt,
      endedAfterMs: ended ? ended.time - reachedAt : 0,
      starts: after.starts,
      endings: statuses.filter((status) => status === 'FAILED').length,
      lines: after.log.length,
      status: statuses.at(-1) ?? '',
    };
  }

  async function look(group: WorkerGroup, home: string, run: RunUid) {
    const { events } = await group.store.events.readEvents(beginning, 1_000);
    const attempts = await group.store.runs.listAttempts(run, 0);
    return {
      events: events.filter((event: ChainrEvent) => event.kind !== 'job.reason'),
      attempts: attempts.map(({ attempt, reason, exitCode }) => ({ attempt, reason, exitCode })),
      log: await group.logOf(run, 0, attempts.length),
      starts: await subject.starts(home, run, ['slow', 'fast']),
    };
  }

  // Reached only if another attempt follows: see `before-next-attempt.ts`.
  const left: readonly FaultPoint[] = ['before-next-attempt', ...subject.unreached];
  const points = faultPoints.filter((point) => !left.includes(point));
  for (const hazard of hazards.filter(({ name }) => only.includes(name))) {
    it(`does nothing twice and loses nothing, at any point at which it is ${hazard.name}`, async function () {
      this.timeout(240_000);
      await eachAtOnce(points, atOnce, (point) => runCell(point, hazard));
      expect(cells.filter(({ name }) => name === hazard.name)).to.have.length(points.length);
    });
  }
}

/** The time of a line of a worker's own log. */
const timeOf = ([line]: RegExpExecArray): number => Date.parse((JSON.parse(line) as { time: string }).time);

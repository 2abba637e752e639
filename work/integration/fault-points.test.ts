import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { faultPoints, type FaultPoint } from '@chainr/core/model/fault-points';
import type { ChainrEvent, ExecutorKind, RunUid } from '@chainr/core/model/records';
import { beginning } from '@chainr/core/store/event-stream';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { importBusybox, startDockerDaemon, whyNoDocker, type DockerDaemon } from '@chainr/testkit/docker-daemon';
import { linesIn } from '@chainr/testkit/lines-in';
import { untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup, type Fault } from '@chainr/testkit/worker-group';

/** Cells at once: each has two workers, and the machine has two cores. */
const atOnce = 4;
const lines = 12;
const burst = 3_000;

/** Two steps; the first one takes its time, the last one ends right after more output than is read at once. */
function twoSteps(ledger: string): object {
  const note = `[ -z "$LEDGER" ] || echo "$CHAINR_STEP $CHAINR_ATTEMPT" >> "$LEDGER"`;
  const slow = `${note}; i=0; while [ $i -lt ${String(lines)} ]; do echo "line $i"; echo "line $i" >&2; i=$((i+1)); sleep 0.1; done`;
  const fast = `${note}; awk 'BEGIN { for (i = 0; i < ${String(burst)}; i++) print "line " i }'; exit 3`;
  const steps = [
    { name: 'slow', run: slow },
    { name: 'fast', run: fast },
  ];
  return { kind: 'Pipeline', env: { LEDGER: ledger }, jobs: { only: { image: 'busybox', steps } } };
}

const numbered = (head: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${head} line ${String(at)}`);

interface Cell extends Fault {
  endedAfterMs: number;
  starts: string[];
  endings: number;
  lines: number;
  status: string;
}

/** What each executor needs, and tells from outside of what it has started. */
interface Subject {
  kind: ExecutorKind;
  points: readonly FaultPoint[];
  env: () => Record<string, string>;
  ledger: (home: string) => string;
  starts: (home: string, run: RunUid) => Promise<string[]>;
}

function matrix(subject: Subject): void {
  const folders = useDataFolders();
  const cells: Cell[] = [];

  after(() => {
    console.log(`      ${subject.kind}: point, signal, ended after, starts, ends, lines, status`);
    for (const cell of cells) {
      const { point, signal, endedAfterMs, starts, endings, lines: count, status } = cell;
      const after = `${(endedAfterMs / 1000).toFixed(1)} s`;
      console.log(
        `      ${point.padEnd(17)} ${signal}  ${after.padStart(6)}  ${String(starts.length)}  ${String(endings)}  ${String(count)}  ${status}`,
      );
    }
  });

  async function runCell(fault: Fault): Promise<Cell> {
    const home = await folders.make();
    const group = await WorkerGroup.start({ home, kind: subject.kind, env: { ...briefLeases, ...subject.env() } });
    try {
      const cell = await inGroup(group, home, fault);
      cells.push(cell);
      return cell;
    } finally {
      await group.stop();
    }
  }

  async function inGroup(group: WorkerGroup, home: string, fault: Fault): Promise<Cell> {
    const what = `${fault.point}, ${fault.signal}`;
    const first = await group.startWorker(fault);
    const run = await group.createRun(twoSteps(subject.ledger(home)));
    await group.untilReached();
    const reachedAt = Date.now();
    const second = await group.startWorker();
    await untilFinal(group.store.events, run, 30_000);
    await second.says(/"event":"attempt.adopted"/);
    await untilClosed(group, run);
    const before = await look(group, home, run);
    if (fault.signal === 'SIGSTOP') {
      second.signal('SIGTERM');
      await second.ended;
      first.signal('SIGCONT');
      await group.untilRenewed(3);
      first.signal('SIGTERM');
      expect((await first.ended).code, `${what}: the resumed worker ends in order: ${first.output}`).to.equal(0);
    }
    const after = await look(group, home, run);
    expect(after, `${what}: the resumed worker changes nothing`).to.deep.equal(before);

    const ended = after.events.find(({ kind, time }) => kind === 'job.status' && time > reachedAt);
    const statuses = after.events.flatMap((event) => (event.kind === 'job.status' ? [event.status] : []));
    expect(statuses, what).to.deep.equal(['RUNNING', 'FAILED']);
    expect(after.attempts, what).to.deep.equal([{ attempt: 1, reason: 'ExitCode', exitCode: 3 }]);
    expect([...after.starts].sort(), what).to.deep.equal(['fast 1', 'slow 1']);
    const byStream = (head: string) => after.log.filter((line) => line.startsWith(head));
    expect(byStream('slow stdout'), what).to.deep.equal(numbered('slow stdout', lines));
    expect(byStream('slow stderr'), what).to.deep.equal(numbered('slow stderr', lines));
    expect(byStream('fast stdout'), what).to.deep.equal(numbered('fast stdout', burst));
    expect(after.log, what).to.have.length(2 * lines + burst);
    return {
      ...fault,
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
      log: await group.logOf(run, 0),
      starts: await subject.starts(home, run),
    };
  }

  async function untilClosed(group: WorkerGroup, run: RunUid): Promise<void> {
    while ((await group.store.runs.listAttempts(run, 0)).at(-1)?.phases.closedAt === undefined) await pause(20);
  }

  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    it(`does nothing twice and loses nothing when the worker gets ${signal} at any point`, async () => {
      const waiting = subject.points.map((point) => ({ point, signal }));
      const failures: unknown[] = [];
      const lane = async (): Promise<void> => {
        for (let fault = waiting.shift(); fault; fault = waiting.shift()) {
          await runCell(fault).catch((error: unknown) => failures.push(error));
        }
      };
      await Promise.all(Array.from({ length: atOnce }, lane));
      if (failures.length > 0) throw failures[0];
      expect(cells.filter((cell) => cell.signal === signal)).to.have.length(subject.points.length);
    });
  }
}

describe('a worker that freezes or dies: processes', function () {
  this.timeout(240_000);
  matrix({
    kind: 'process',
    points: faultPoints.filter((point) => point !== 'between-steps'),
    env: () => ({}),
    ledger: (home) => path.join(home, 'ledger'),
    starts: (home) => Promise.resolve(linesIn(path.join(home, 'ledger'))),
  });
});

describe('a worker that freezes or dies: containers', function () {
  this.timeout(240_000);
  const why = whyNoDocker();
  let daemon: DockerDaemon;
  before(async function () {
    if (why !== undefined) {
      console.log(`      left out: ${why}`);
      this.skip();
    }
    daemon = await startDockerDaemon();
    await importBusybox(daemon.socketPath, ['busybox:latest']);
  });
  after(() => (why === undefined ? daemon.stop() : undefined));

  matrix({
    kind: 'docker',
    points: faultPoints,
    env: () => ({ CHAINR_DOCKER_HOST: `unix://${daemon.socketPath}` }),
    ledger: () => '',
    starts: async (_home, run) => startedIn(daemon, run),
  });
});

/** What the daemon says that it has started of a run, as `step attempt`. */
async function startedIn({ socketPath }: DockerDaemon, run: RunUid): Promise<string[]> {
  const format = '{{index .Actor.Attributes "chainr.step"}} {{index .Actor.Attributes "chainr.attempt"}}';
  const filters = ['--filter', 'event=start', '--filter', `label=chainr.run=${run}`];
  const span = ['--since', '10m', '--until', ((Date.now() + 2) / 1000).toFixed(3)];
  const { stdout } = await promisify(execFile)('docker', [
    '-H',
    `unix://${socketPath}`,
    'events',
    ...span,
    ...filters,
    '--format',
    format,
  ]);
  const names = ['slow', 'fast'];
  return stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => line.replace(/^\d+/, (step) => names[Number(step)] ?? step));
}

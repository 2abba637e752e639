import { expect } from 'chai';
import { useDataFolders } from '@chainr/testkit/data-folders';
import { eachAtOnce } from '@chainr/testkit/each-at-once';
import { statusAndReason } from '@chainr/testkit/statuses';
import { untilClosed, untilFinal } from '@chainr/testkit/waits';
import { briefLeases, WorkerGroup, type Fault } from '@chainr/testkit/worker-group';
import { noteStart, type Subject } from './seen-from-outside.js';

const lines = 300;
/** How many cells run at once. Each has two workers. */
const atOnce = 3;

interface Shape {
  what: string;
  /** What the first attempt does after its output. A later one succeeds. */
  ends: string;
  retries?: object;
  cancel?: boolean;
  /** The script makes the loss itself, by a signal that only reaches a supervisor of the process executor. */
  onlyProcesses?: boolean;
  /** Status and reason of each attempt. */
  attempts: readonly string[];
}

const soon = { limit: 1, backoff: { initial: '100ms' } };

const shapes: readonly Shape[] = [
  { what: 'a retry of the user follows', ends: 'exit 3', retries: soon, attempts: ['FAILED ExitCode', 'SUCCESSFUL Completed'] },
  { what: 'no retry is left', ends: 'exit 3', retries: { limit: 0 }, attempts: ['FAILED ExitCode'] },
  { what: 'infrastructure took it', ends: 'kill -9 $PPID; exit 3', onlyProcesses: true, attempts: ['FAILED Lost', 'SUCCESSFUL Completed'] },
  { what: 'its run is canceled meanwhile', ends: 'exit 3', retries: soon, cancel: true, attempts: ['CANCELED CanceledByUser'] },
]; // prettier-ignore

const hazards: readonly Fault['signal'][] = ['SIGKILL', 'SIGSTOP', 'CUT'];

const expectedLog = Array.from({ length: lines }, (_, at) => `main stdout line ${String(at)}`);

export function beforeNextAttemptTests(subject: Subject): void {
  const folders = useDataFolders();

  async function harm(shape: Shape, signal: Fault['signal']): Promise<void> {
    const { what, ends, retries, cancel, attempts } = shape;
    const home = await folders.make();
    const group = await WorkerGroup.start({ home, kind: subject.kind, env: { ...briefLeases, ...subject.env() } });
    const title = `${what}, ${signal}`;
    try {
      const fault: Fault = { point: 'before-next-attempt', signal };
      const first = await group.startWorker(fault);
      const output = `awk 'BEGIN { for (i = 0; i < ${String(lines)}; i++) print "line " i }'`;
      const run = `${noteStart}; ${output}; [ "$CHAINR_ATTEMPT" = 1 ] || exit 0; ${ends}`;
      const only = { image: 'busybox', run, ...(retries && { retries }) };
      const uid = await group.createRun({ kind: 'Pipeline', env: { LEDGER: subject.ledger(home) }, jobs: { only } });
      await group.untilReached(fault);
      if (cancel) await group.store.transitions.cancel(uid);
      const second = await group.startWorker();
      await untilFinal(group.store.events, uid);
      await untilClosed(group.store, uid);
      group.undo(first, fault);
      const told = await group.store.runs.listAttempts(uid, 0);
      expect(told.map(statusAndReason), title).to.deep.equal(attempts);
      expect([...(await subject.starts(home, uid))].sort(), title).to.deep.equal(
        attempts.map((_, at) => `only ${String(at + 1)} main`),
      );
      for (const { attempt } of told) expect(await group.logOf(uid, 0, attempt), title).to.deep.equal(expectedLog);
      for (const each of signal === 'SIGKILL' ? [second] : [first, second]) {
        each.signal('SIGTERM');
        expect((await each.ended).code, `${title}: ${each.output}`).to.equal(0);
      }
    } finally {
      await group.stop();
    }
  }

  for (const signal of hazards) {
    it(`loses no retry and no line, and calls nothing crashed (${signal})`, async function () {
      this.timeout(240_000);
      const possible = shapes.filter(({ onlyProcesses }) => !onlyProcesses || subject.kind === 'process');
      await eachAtOnce(possible, atOnce, (shape) => harm(shape, signal));
    });
  }
}

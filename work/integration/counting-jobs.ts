import { expect } from 'chai';
import type { RunUid } from '@chainr/core/engine/records';
import { beginning } from '@chainr/core/store/events/event-stream';
import { untilFound } from '@chainr/testkit/until-found';
import { untilClosed } from '@chainr/testkit/waits';
import type { WorkerGroup } from '@chainr/testkit/worker-group';
import { noteStart, type Subject } from '../suite/seen-from-outside.js';

/** Writes `lines` numbered lines on each of its two streams, with a pause after each. */
export interface CountingJob {
  name: string;
  lines: number;
  pauseSeconds: number;
  exitCode?: number;
  dependsOn?: readonly string[];
}

export interface Place {
  readonly subject: Subject;
  readonly group: WorkerGroup;
  readonly home: string;
}

export function createCounting({ group, subject, home }: Place, jobs: readonly CountingJob[]): Promise<RunUid> {
  const written = jobs.map(({ name, dependsOn = [], ...job }) => {
    return [name, { image: 'busybox', run: scriptOf(job), dependsOn, allowFailure: true }] as const;
  });
  const env = { LEDGER: subject.ledger(home) };
  return group.createRun({ kind: 'Pipeline', env, jobs: Object.fromEntries(written) });
}

const scriptOf = ({ lines, pauseSeconds, exitCode = 0 }: Omit<CountingJob, 'name'>): string => `${noteStart}
i=0
while [ $i -lt ${String(lines)} ]; do
  echo "line $i"
  echo "error $i" >&2
  i=$((i + 1))
  sleep ${String(pauseSeconds)}
done
exit ${String(exitCode)}`;

/** Everything that can be seen of a run from outside. */
async function lookAt({ group, subject, home }: Place, run: RunUid, jobs: readonly CountingJob[]) {
  const { events } = await group.store.events.readEvents(beginning, 100_000);
  const ofRun = events.filter((event) => event.run === run);
  const looks = jobs.map(async ({ name }, index) => {
    const log = await group.logOf(run, index);
    const attempts = await group.store.runs.listAttempts(run, index);
    return {
      name,
      statuses: ofRun.flatMap((event) => (event.kind === 'job.status' && event.job === name ? [event.status] : [])),
      attempts: attempts.map(({ attempt, reason, exitCode }) => ({ attempt, reason, exitCode })),
      log,
    };
  });
  return {
    runStatuses: ofRun.flatMap((event) => (event.kind === 'run.status' ? [event.status] : [])),
    jobs: await Promise.all(looks),
    starts: (await subject.starts(home, run)).sort(),
    running: await subject.running(home, run),
  };
}

/** Expects that each job started once and has one event for its start and one for its end, and that its log has each line once and in order. */
export async function expectAllOnce(place: Place, run: RunUid, jobs: readonly CountingJob[], what = ''): Promise<void> {
  // A supervisor ends a moment after it has recorded the end of its attempt.
  const running = () => place.subject.running(place.home, run);
  await untilFound(`nothing of the run to run ${what}`, running, ({ length }) => length === 0, { everyMs: 20 });
  const seen = await lookAt(place, run, jobs);
  expect(seen.starts, `starts ${what}`).to.deep.equal(jobs.map(({ name }) => `${name} 1 main`).sort());
  expect(seen.running, `what still runs ${what}`).to.deep.equal([]);
  expect(seen.runStatuses, `the run ${what}`).to.deep.equal(['RUNNING', 'SUCCESSFUL']);
  for (const [at, job] of seen.jobs.entries()) {
    const { lines, exitCode = 0 } = jobs[at]!;
    const named = `${job.name} ${what}`;
    const written = Array.from({ length: lines }, (_, line) => ['line', 'error'].map((word) => `main stdout ${word} ${String(line)}`)); // prettier-ignore
    const reason = exitCode === 0 ? 'Completed' : 'ExitCode';
    expect(job.attempts, named).to.deep.equal([{ attempt: 1, reason, exitCode }]);
    expect(job.statuses, named).to.deep.equal(['RUNNING', exitCode === 0 ? 'SUCCESSFUL' : 'FAILED']);
    expect(job.log, named).to.deep.equal(written.flat());
  }
}

/** Waits until every attempt of a run is closed, with all of its log. */
export async function untilAllClosed({ group }: Place, run: RunUid, jobs: readonly CountingJob[]): Promise<void> {
  for (const index of jobs.keys()) await untilClosed(group.store, run, index);
}

/** Waits until `lines` lines of a job are stored. */
export async function untilStored({ group }: Place, run: RunUid, index: number, lines: number): Promise<void> {
  const look = async () => (await group.logOf(run, index)).length;
  await untilFound(`${lines} lines of job ${index}`, look, (stored) => stored >= lines, { everyMs: 20 });
}

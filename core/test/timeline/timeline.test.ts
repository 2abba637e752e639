import { expect } from 'chai';
import { maskOf, type Condition } from '../../src/pipeline/conditions.js';
import type { Reason } from '../../src/engine/reasons.js';
import type { JobStatus } from '../../src/engine/states.js';
import type { TimedAttempt, TimedJob } from '../../src/timeline/timed-job.js';
import { percentOf, timelineOf, type Timeline } from '../../src/timeline/timeline.js';

interface Shape {
  /** `created, queued, claimed, started, ended, closed` of each attempt; what is left out at the end has not come. */
  attempts?: (number | undefined)[][];
  status?: JobStatus;
  reason?: Reason;
  needs?: (string | { job: string; on: Condition })[];
}

/** A job whose phases are its numbers; it is SUCCESSFUL unless it says otherwise. */
function timedJobs(shapes: Record<string, Shape>): TimedJob[] {
  const entries = Object.entries(shapes);
  return entries.map(([name, { attempts = [], status = 'SUCCESSFUL', reason = 'Completed' }]) => ({
    name,
    status,
    reason,
    attempts: attempts.map((times, place) => ({ ...attemptOf(times), attempt: place + 1, status, reason })),
    dependents: entries.flatMap(([_name, { needs = [] }], index) =>
      needs
        .map((need) => (typeof need === 'string' ? { job: need, on: 'success' as const } : need))
        .filter(({ job }) => job === name)
        .map(({ on }) => ({ index, mask: maskOf({ [on]: true }) })),
    ),
  }));
}

function attemptOf([createdAt, queuedAt, claimedAt, startedAt, endedAt, closedAt]: (number | undefined)[]) {
  const phases = { createdAt, queuedAt, claimedAt, startedAt, endedAt, closedAt };
  const reached = Object.entries(phases).filter(([, at]) => at !== undefined);
  return { phases: Object.fromEntries(reached) } as Omit<TimedAttempt, 'attempt' | 'status' | 'reason'>;
}

const spansOf = (timeline: Timeline, index: number) =>
  timeline.jobs(index, 1)[0]?.attempts.map(({ spans }) => spans.map(({ kind, from, to }) => [kind, from, to]));
const pathOf = ({ path }: Timeline) => path.map(({ job }) => job);

describe('the timeline of a run', () => {
  const chain = timedJobs({
    first: { attempts: [[0, 0, 10, 15, 40, 42]] },
    second: { attempts: [[0, 43, 50, 55, 100, 101]], needs: ['first'] },
  });

  it('has consecutive spans for each attempt', () => {
    const timeline = timelineOf({ createdAt: 0, endedAt: 100 }, chain, 500);
    expect(spansOf(timeline, 0)).to.deep.equal([
      [
        ['queue', 0, 10],
        ['starting', 10, 15],
        ['working', 15, 40],
        ['closing', 40, 42],
      ],
    ]);
    expect(spansOf(timeline, 1)).to.deep.equal([
      [
        ['dependencies', 0, 40],
        ['handOver', 40, 43],
        ['queue', 43, 50],
        ['starting', 50, 55],
        ['working', 55, 100],
        ['closing', 100, 101],
      ],
    ]);
  });

  it('shares all the time of the run along the critical path', () => {
    const timeline = timelineOf({ createdAt: 0, endedAt: 100 }, chain, 500);
    expect(pathOf(timeline)).to.deep.equal(['first', 'second']);
    expect(timeline.times).to.deep.equal({ waiting: 17, starting: 10, working: 70, overhead: 3 });
    expect(timeline.path[1]).to.deep.equal({
      job: 'second',
      from: 40,
      to: 100,
      times: { waiting: 7, starting: 5, working: 45, overhead: 3 },
    });
    expect(percentOf(timeline.times)).to.deep.equal({ waiting: 17, starting: 10, working: 70, overhead: 3 });
  });

  it('follows the dependency that ended last', () => {
    const timeline = timelineOf(
      { createdAt: 0, endedAt: 90 },
      timedJobs({
        last: { attempts: [[0, 60, 60, 60, 90, 90]], needs: ['quick', 'slow'] },
        quick: { attempts: [[0, 0, 1, 1, 20, 20]] },
        slow: { attempts: [[0, 0, 1, 1, 60, 60]] },
        aside: { attempts: [[0, 20, 20, 20, 50, 50]], needs: ['quick'] },
      }),
      500,
    );
    expect(pathOf(timeline)).to.deep.equal(['slow', 'last']);
    expect(timeline.jobs(0, 10).map(({ name, critical }) => [name, critical])).to.deep.equal([
      ['last', true],
      ['quick', false],
      ['slow', true],
      ['aside', false],
    ]);
  });

  it('leads through a skipped job to the cause of the skip', () => {
    const timeline = timelineOf(
      { createdAt: 0, endedAt: 60 },
      timedJobs({
        deploy: { attempts: [[0, 0, 0, 5, 30, 31]], status: 'FAILED', reason: 'ExitCode' },
        slow: { attempts: [[0, 0, 0, 5, 35, 36]] },
        announce: { status: 'SKIPPED', reason: 'ConditionNotMet', needs: ['slow', 'deploy'] },
        report: { attempts: [[0, 30, 31, 32, 60, 60]], needs: [{ job: 'announce', on: 'skipped' }] },
      }),
      500,
    );
    expect(pathOf(timeline)).to.deep.equal(['deploy', 'announce', 'report']);
    expect(timeline.path[1]).to.deep.include({ from: 30, to: 30 });
    expect(spansOf(timeline, 2)).to.deep.equal([[['dependencies', 0, 30]]]);
  });

  it('ends in a job that ran, not in the one that was skipped at the same moment', () => {
    const timeline = timelineOf(
      { createdAt: 0, endedAt: 30 },
      timedJobs({
        never: { status: 'SKIPPED', reason: 'ConditionNotMet', needs: [{ job: 'only', on: 'failure' }] },
        only: { attempts: [[0, 0, 0, 5, 30, 31]] },
      }),
      500,
    );
    expect(pathOf(timeline)).to.deep.equal(['only']);
  });

  it('ends in the last of a chain whose jobs ended in the same millisecond', () => {
    const timeline = timelineOf(
      { createdAt: 0, endedAt: 10 },
      timedJobs({
        third: { attempts: [[0, 10, 10, 10, 10, 10]], needs: ['second'] },
        first: { attempts: [[0, 0, 5, 5, 10, 10]] },
        second: { attempts: [[0, 10, 10, 10, 10, 10]], needs: ['first'] },
      }),
      500,
    );
    expect(pathOf(timeline)).to.deep.equal(['first', 'second', 'third']);
  });

  it('counts the time between two attempts as waiting', () => {
    const timeline = timelineOf(
      { createdAt: 0, endedAt: 100 },
      timedJobs({
        only: {
          attempts: [
            [0, 0, 5, 10, 30, 31],
            [31, 60, 65, 70, 100, 100],
          ],
        },
      }),
      500,
    );
    expect(spansOf(timeline, 0)?.[1]?.[0]).to.deep.equal(['retry', 30, 60]);
    expect(timeline.times).to.deep.equal({ waiting: 40, starting: 10, working: 50, overhead: 0 });
  });

  it('counts an attempt that never executed as starting until its end', () => {
    const jobs = timedJobs({
      only: { attempts: [[0, 0, 5, undefined, 30, 31]], status: 'FAILED', reason: 'ImagePullFailed' },
    });
    expect(spansOf(timelineOf({ createdAt: 0, endedAt: 30 }, jobs, 500), 0)).to.deep.equal([
      [
        ['queue', 0, 5],
        ['starting', 5, 30],
        ['closing', 30, 31],
      ],
    ]);
  });

  it('has a reused job at the beginning, without spans', () => {
    const timeline = timelineOf(
      { createdAt: 100, endedAt: 150 },
      timedJobs({
        before: { attempts: [[0, 0, 5, 10, 30, 31]], reason: 'Reused' },
        after: { attempts: [[100, 100, 105, 110, 150, 150]], needs: ['before'] },
      }),
      500,
    );
    expect(timeline.jobs(0, 1)[0]?.attempts).to.deep.equal([]);
    expect(pathOf(timeline)).to.deep.equal(['before', 'after']);
    expect(timeline.path[0]).to.deep.include({ from: 100, to: 100 });
    expect(timeline.times).to.deep.equal({ waiting: 5, starting: 5, working: 40, overhead: 0 });
  });

  it('has no negative spans if clocks contradict each other', () => {
    const jobs = timedJobs({ only: { attempts: [[0, 10, 8, 7, 30, 29]] } });
    expect(spansOf(timelineOf({ createdAt: 0, endedAt: 30 }, jobs, 500), 0)).to.deep.equal([
      [
        ['queue', 0, 8],
        ['working', 8, 30],
      ],
    ]);
  });

  describe('of an unfinished run', () => {
    it('reaches until now, with open spans', () => {
      const timeline = timelineOf(
        { createdAt: 0 },
        timedJobs({
          first: { attempts: [[0, 0, 10, 15, 40, 42]] },
          second: { attempts: [[0, 40, 50, 55]], status: 'RUNNING', reason: 'Executing', needs: ['first'] },
          third: { status: 'PENDING', reason: 'WaitingForDependencies', needs: ['second'] },
        }),
        95,
      );
      expect(timeline.to).to.equal(95);
      expect(pathOf(timeline)).to.deep.equal(['first', 'second']);
      expect(spansOf(timeline, 1)?.[0]?.at(-1)).to.deep.equal(['working', 55, undefined]);
      expect(spansOf(timeline, 2)).to.deep.equal([[['dependencies', 0, undefined]]]);
      expect(timeline.times).to.deep.equal({ waiting: 20, starting: 10, working: 65, overhead: 0 });
    });

    it('ends its critical path in the job that has been ready for longest', () => {
      const timeline = timelineOf(
        { createdAt: 0 },
        timedJobs({
          quick: { attempts: [[0, 0, 1, 1, 20, 20]] },
          late: { attempts: [[0, 20, 21, 21]], status: 'RUNNING', reason: 'Executing', needs: ['quick'] },
          long: { attempts: [[0, 0, 1, 1]], status: 'RUNNING', reason: 'Executing' },
        }),
        50,
      );
      expect(pathOf(timeline)).to.deep.equal(['long']);
    });

    it('waits while no worker takes its jobs, or during a backoff', () => {
      const queued = timelineOf(
        { createdAt: 0 },
        timedJobs({ only: { attempts: [[0, 0]], status: 'PENDING', reason: 'Queued' } }),
        50,
      );
      expect(queued.times).to.deep.equal({ waiting: 50, starting: 0, working: 0, overhead: 0 });
      const backoff = timelineOf(
        { createdAt: 0 },
        timedJobs({
          only: { attempts: [[0, 0, 5, 5, 30, 30], [30]], status: 'PENDING', reason: 'RetryBackoff' },
        }),
        50,
      );
      expect(backoff.times).to.deep.equal({ waiting: 25, starting: 0, working: 25, overhead: 0 });
    });
  });

  it('counts a run that was canceled in the queue as waiting', () => {
    const timeline = timelineOf(
      { createdAt: 0, endedAt: 80 },
      timedJobs({
        ready: { attempts: [[0, 0]], status: 'CANCELED', reason: 'CanceledByUser' },
        waiting: { status: 'CANCELED', reason: 'CanceledByUser', needs: ['ready'] },
      }),
      500,
    );
    expect(pathOf(timeline)).to.deep.equal(['ready']);
    expect(spansOf(timeline, 0)).to.deep.equal([[['queue', 0, 80]]]);
    expect(spansOf(timeline, 1)).to.deep.equal([[['dependencies', 0, 80]]]);
    expect(timeline.times).to.deep.equal({ waiting: 80, starting: 0, working: 0, overhead: 0 });
  });

  it('ends in a job that ran, not in one that was canceled in the queue at the same moment', () => {
    const timeline = timelineOf(
      { createdAt: 0, endedAt: 80 },
      timedJobs({
        ran: { attempts: [[0, 0, 10, 20, 80, 80]], status: 'CANCELED', reason: 'CanceledByUser' },
        before: { attempts: [[0, 0, 1, 1, 60, 60]] },
        queued: { attempts: [[0, 60]], status: 'CANCELED', reason: 'CanceledByUser', needs: ['before'] },
      }),
      500,
    );
    expect(pathOf(timeline)).to.deep.equal(['ran']);
  });

  it('has no shares if no time has passed', () => {
    const { times } = timelineOf({ createdAt: 7, endedAt: 7 }, [], 9);
    expect(percentOf(times)).to.deep.equal({ waiting: 0, starting: 0, working: 0, overhead: 0 });
  });

  it('is fast with 10,000 jobs, in a chain and in a fan', () => {
    const attempt = (at: number) => [[0, at, at + 1, at + 1, at + 2, at + 2]];
    const names = Array.from({ length: 10_000 }, (_, at) => `job-${at}`);
    const chained = names.map((name, at) => ({
      name,
      status: 'SUCCESSFUL' as const,
      reason: 'Completed' as const,
      attempts: attempt(at * 2).map((times) => ({
        attempt: 1,
        status: 'SUCCESSFUL' as const,
        reason: 'Completed' as const,
        ...attemptOf(times),
      })),
      dependents: at + 1 < names.length ? [{ index: at + 1, mask: 1 }] : [],
    }));
    const timeline = timelineOf({ createdAt: 0, endedAt: 20_000 }, chained, 20_000);
    expect(timeline.path).to.have.length(10_000);
    expect(timeline.times).to.deep.equal({ waiting: 10_000, starting: 0, working: 10_000, overhead: 0 });
    expect(timeline.jobs(9_990, 100)).to.have.length(10);
  });
});

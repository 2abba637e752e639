import { attemptSpans, shares, spanTable, type Share, type Span } from './attempt-spans.js';
import { criticalPath } from './critical-path.js';
import { jobEndings, type JobEnding } from './job-endings.js';
import type { Reason } from '../engine/reasons.js';
import { isFinalJob, type JobStatus } from '../engine/states.js';
import type { TimedAttempt, TimedJob, TimedRun } from './timed-job.js';

/** How the time of a run, or a part of it, divides into shares; milliseconds. */
export type ShareTimes = Readonly<Record<Share, number>>;

/** One job of the critical path, and where its part of the path's time went. */
export interface PathPart {
  job: string;
  /** The end of the previous job on the path; for the first job, when the run was created. */
  from: number;
  /** Its end, or now. */
  to: number;
  times: ShareTimes;
}

export interface AttemptTimeline {
  /** Absent for a wait that led to no attempt. */
  attempt?: number;
  status: JobStatus;
  reason: Reason;
  spans: readonly Span[];
}

export interface JobTimeline {
  name: string;
  title?: string;
  status: JobStatus;
  reason: Reason;
  critical: boolean;
  /** Oldest first; the last one may be a wait. Empty for a reused job. */
  attempts: readonly AttemptTimeline[];
}

export interface Timeline {
  from: number;
  /** The end of the run, or now. */
  to: number;
  /** The shares along the critical path; their sum is the time from `from` to `to`. */
  times: ShareTimes;
  path: readonly PathPart[];
  /** The timelines of some of the jobs, by index. */
  jobs(from: number, limit: number): JobTimeline[];
}

/** Where the time of a run went. Costs O(jobs + edges). `now` is the end of anything that still goes on. */
export function timelineOf(run: TimedRun, jobs: readonly TimedJob[], now: number): Timeline {
  const to = run.endedAt ?? now;
  const endings = jobEndings(run, jobs);
  const indexes = criticalPath(jobs, endings);
  const path = pathParts(run, jobs, endings, indexes, to);
  const critical = new Set(indexes);
  return {
    from: run.createdAt,
    to,
    times: withRest(path, to - run.createdAt),
    path,
    jobs: (from, limit) =>
      jobs.slice(from, from + limit).map((job, place) => {
        const index = from + place;
        return { ...jobTimeline(run, job, endings[index]), critical: critical.has(index) };
      }),
  };
}

function pathParts(
  run: TimedRun,
  jobs: readonly TimedJob[],
  endings: readonly JobEnding[],
  indexes: readonly number[],
  end: number,
): PathPart[] {
  const parts: PathPart[] = [];
  let from = run.createdAt;
  for (const index of indexes) {
    const job = jobs[index];
    const to = Math.max(from, endings[index]?.endedAt ?? end);
    if (job) parts.push({ job: job.name, from, to, times: timesBetween(run, job, endings[index], from, to) });
    from = to;
  }
  return parts;
}

/** Time that none of the job's spans explains is overhead: the hand-over from the previous job. */
function timesBetween(
  run: TimedRun,
  job: TimedJob,
  ending: JobEnding | undefined,
  from: number,
  to: number,
): ShareTimes {
  const times = { waiting: 0, starting: 0, working: 0, overhead: 0 };
  for (const span of jobTimeline(run, job, ending).attempts.flatMap(({ spans }) => spans)) {
    const { share } = spanTable[span.kind];
    const length = Math.min(span.to ?? to, to) - Math.max(span.from, from);
    if (share !== 'overhead' && length > 0) times[share] += length;
  }
  return { ...times, overhead: to - from - times.waiting - times.starting - times.working };
}

function withRest(path: readonly PathPart[], total: number): ShareTimes {
  const sum = (share: Share) => path.reduce((all, { times }) => all + times[share], 0);
  const [waiting, starting, working] = [sum('waiting'), sum('starting'), sum('working')];
  return { waiting, starting, working, overhead: total - waiting - starting - working };
}

function jobTimeline(run: TimedRun, job: TimedJob, ending?: JobEnding): Omit<JobTimeline, 'critical'> {
  const { name, title, status, reason } = job;
  return {
    name,
    ...(title !== undefined && { title }),
    status,
    reason,
    attempts: reason === 'Reused' ? [] : attemptTimelines(run, job, ending),
  };
}

function attemptTimelines(
  run: TimedRun,
  job: TimedJob,
  ending: JobEnding = { dependencies: 0, order: 0 },
): AttemptTimeline[] {
  const { dependencies, readyAt, endedAt } = ending;
  const attempts = job.attempts.length > 0 ? job.attempts : [neverReady(run, job)];
  const frame = {
    depends: dependencies > 0,
    ...(readyAt === undefined ? {} : { readyAt }),
    ...(isFinalJob(job.status) ? { givenUpAt: endedAt ?? run.endedAt ?? run.createdAt } : {}),
  };
  return attempts.map((each, place) => {
    const previousEndAt = attempts[place - 1]?.phases.endedAt;
    const { attempt, status, reason } = each;
    const spans = attemptSpans(each, { ...frame, ...(previousEndAt === undefined ? {} : { previousEndAt }) });
    return { ...(each.phases.claimedAt === undefined ? {} : { attempt }), status, reason, spans };
  });
}

/** A job that still waits for others, or never got its turn. */
function neverReady({ createdAt }: TimedRun, { status, reason }: TimedJob): TimedAttempt {
  return { attempt: 1, status, reason, phases: { createdAt } };
}

/** The shares in percent with one decimal; all 0 if the run took no time. */
export function percentOf(times: ShareTimes): ShareTimes {
  const total = shares.reduce((sum, share) => sum + times[share], 0);
  const percent = (share: Share) => (total === 0 ? 0 : Math.round((times[share] * 1000) / total) / 10);
  return {
    waiting: percent('waiting'),
    starting: percent('starting'),
    working: percent('working'),
    overhead: percent('overhead'),
  };
}

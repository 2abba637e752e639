import type { Reason } from './reasons.js';
import type { JobStatus, RunStatus } from './states.js';
import type { StepOutcome } from './outcome.js';

/** A UUIDv7. */
export type RunUid = string & { readonly __brand?: 'RunUid' };

export const executorKinds = ['process', 'docker', 'kubernetes', 'fake'] as const;
export type ExecutorKind = (typeof executorKinds)[number];

/** All times of records are milliseconds since 1970 by the clock of Redis. */
export interface RunRecord {
  uid: RunUid;
  name?: string;
  labels: Readonly<Record<string, string>>;
  status: RunStatus;
  /** Rises with each run that is created; lists order by it. */
  sequence: number;
  executorKind: ExecutorKind;
  jobCount: number;
  jobCounts: Readonly<Record<JobStatus, number>>;
  createdAt: number;
  startedAt?: number;
  endedAt?: number;
  /** When a cancel was asked for; the run ends CANCELED then. */
  cancelRequestedAt?: number;
  /** When its own timeout had passed; the run ends CANCELED then. */
  timedOutAt?: number;
  /** −100 … 100 */
  priority: number;
  /** How many of its jobs may run at once; absent where there is no limit. */
  maxParallel?: number;
  timeoutMs?: number;
  /** The run that this one has taken jobs over from. */
  rerunOf?: RunUid;
}

/** The attempt that a job with the reason `Reused` was taken over from. */
export interface ReusedAttempt {
  run: RunUid;
  /** The same in both runs. */
  jobIndex: number;
  attempt: number;
}

export interface JobRecord {
  /** The job's place in its pipeline, from 0. */
  index: number;
  name: string;
  status: JobStatus;
  reason: Reason;
  message: string;
  /** The number of the current or last attempt; 0 as long as none was claimed. */
  attempt: number;
}

export const phases = [
  'createdAt',
  'queuedAt',
  'claimedAt',
  'scheduledAt',
  'pulledAt',
  'startedAt',
  'endedAt',
  'closedAt',
] as const;
export type Phase = (typeof phases)[number];
export type Phases = Partial<Record<Phase, number>>;

export interface AttemptRecord {
  attempt: number;
  status: JobStatus;
  reason: Reason;
  message: string;
  exitCode?: number;
  steps?: StepOutcome[];
  phases: Phases;
  /** Which executor the attempt was claimed by, such as `process:<machine id>:<folder>`. */
  executorId?: string;
}

/** A place in the event stream, such as `1763690000000-0`. */
export type Cursor = string;

/** What a text must be to be one: the id of an entry of the stream, and perhaps the place of an event in it. */
export const cursorPattern = /^\d{1,16}-\d{1,16}(?:\.\d{1,4})?$/;

interface EventHead {
  cursor: Cursor;
  /** Milliseconds since 1970. */
  time: number;
  run: RunUid;
}

export type ChainrEvent =
  | (EventHead & { kind: 'run.created'; name?: string; jobCount: number })
  | (EventHead & { kind: 'run.status'; status: RunStatus })
  | (EventHead & {
      kind: 'job.status' | 'job.reason';
      job: string;
      /** The number of the current or last attempt; 0 as long as none was claimed. */
      attempt: number;
      status: JobStatus;
      reason: Reason;
      message: string;
      exitCode?: number;
    });

/** Where a piece of a log comes from; `system`: from chainr itself, such as the mark of a cut. */
export const logStreams = ['stdout', 'stderr', 'system'] as const;
export type LogStream = (typeof logStreams)[number];

/** One line of an attempt's log. */
export interface LogLine {
  /** Milliseconds since 1970, when the line was read. */
  time: number;
  /** The step's name; `main` for a job without steps. */
  step: string;
  stream: LogStream;
  text: string;
  /** False when the line goes on in the next one, or ended without a newline. */
  newline: boolean;
}

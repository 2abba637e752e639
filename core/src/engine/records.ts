import type { Reason } from './reasons.js';
import type { JobStatus, RunStatus } from './states.js';
import type { StepOutcome } from './outcome.js';
import type { Runtime } from './runtime.js';

/** A UUIDv7. */
export type RunUid = string & { readonly __brand?: 'RunUid' };

export const executorKinds = ['process', 'docker', 'kubernetes', 'fake'] as const;
export type ExecutorKind = (typeof executorKinds)[number];

/** All times of records are milliseconds since 1970 by the clock of Redis. */
export interface RunRecord {
  uid: RunUid;
  name?: string;
  title?: string;
  /** Its jobs may have titles. */
  titled?: true;
  /** What the caller that submitted it calls it; no other run has it while this one is kept. */
  externalId?: string;
  labels: Readonly<Record<string, string>>;
  status: RunStatus;
  /** Rises with each run; lists are ordered by it. */
  sequence: number;
  /** The pool of its jobs that have none of their own. */
  pool: string;
  jobCount: number;
  jobCounts: Readonly<Record<JobStatus, number>>;
  createdAt: number;
  startedAt?: number;
  endedAt?: number;
  /** When a cancel was requested. The run then ends CANCELED. */
  cancelRequestedAt?: number;
  /** When the run's timeout passed. The run then ends CANCELED. */
  timedOutAt?: number;
  /** −100 … 100 */
  priority: number;
  /** How many of its jobs may run at once; absent: no limit. */
  maxParallel?: number;
  timeoutMs?: number;
  /** The run from which this one reused jobs. */
  rerunOf?: RunUid;
}

/** The attempt that a `Reused` job points to. */
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
  /** The number of the current or last attempt; 0 if none was claimed yet. */
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
  /** The executor of the worker that claimed the attempt, such as `process:<machine id>:<folder>`. */
  executorId?: string;
  runtime?: Runtime;
}

/** A position in the event stream, such as `1763690000000-0`. */
export type Cursor = string;

/** The form of a cursor: the id of a stream entry, optionally with the index of an event in it. */
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
      /** The number of the current or last attempt; 0 if none was claimed yet. */
      attempt: number;
      status: JobStatus;
      reason: Reason;
      message: string;
      exitCode?: number;
    });

/** The origin of a piece of log. `system` marks chainr's own messages, such as a cut. */
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
  /** False if the line continues in the next one, or ended without a newline. */
  newline: boolean;
}

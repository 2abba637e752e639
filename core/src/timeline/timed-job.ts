import type { ConditionMask } from '../pipeline/conditions.js';
import type { Phases } from '../engine/records.js';
import type { Reason } from '../engine/reasons.js';
import type { JobStatus } from '../engine/states.js';

/** The times of a run; milliseconds since 1970, like all times here. */
export interface TimedRun {
  createdAt: number;
  /** Absent while the run goes on. */
  endedAt?: number;
}

/** The input of a timeline: one job of a run. */
export interface TimedJob {
  name: string;
  title?: string;
  status: JobStatus;
  reason: Reason;
  /** The jobs that depend on it, by index. */
  dependents: readonly { index: number; mask: ConditionMask }[];
  /** Oldest first. The last one may still wait for its claim; a job that was never ready has none. */
  attempts: readonly TimedAttempt[];
}

export interface TimedAttempt {
  attempt: number;
  status: JobStatus;
  reason: Reason;
  phases: Phases;
}

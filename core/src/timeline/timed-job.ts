import type { ConditionMask } from '../pipeline/conditions.js';
import type { Phases } from '../engine/records.js';
import type { Reason } from '../engine/reasons.js';
import type { JobStatus } from '../engine/states.js';

/** The times of a run; milliseconds since 1970, as all times here. */
export interface TimedRun {
  createdAt: number;
  /** Absent as long as the run goes on. */
  endedAt?: number;
}

/** What a timeline is made from: one job of a run, at its place in the pipeline. */
export interface TimedJob {
  name: string;
  status: JobStatus;
  reason: Reason;
  /** Who waits for it, by index. */
  dependents: readonly { index: number; mask: ConditionMask }[];
  /** Oldest first. The last one may be still to be claimed; a job that was never ready has none. */
  attempts: readonly TimedAttempt[];
}

export interface TimedAttempt {
  attempt: number;
  status: JobStatus;
  reason: Reason;
  phases: Phases;
}

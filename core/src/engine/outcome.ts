import type { Reason } from './reasons.js';
import type { Runtime } from './runtime.js';

/** Values by key, of a whole job. */
export type Outputs = Readonly<Record<string, string>>;

/** How one step of an attempt ended. Single-container jobs have one step, without a name. */
export interface StepOutcome {
  /** The step's name, or `main` for a job without steps. */
  name: string;
  /** Absent when no exit was seen. */
  exitCode?: number;
  /** The step failed, but `continueOnError` let the attempt continue. */
  tolerated?: boolean;
  /** Milliseconds since 1970, by the clock of the executor's host. */
  startedAt?: number;
  endedAt?: number;
}

/** The reasons with which an executor may report an end. `WorkerCrashed` comes only from a worker. */
export const outcomeReasons = [
  'Completed', 'ExitCode', 'Signal', 'OutOfMemory', 'TimedOut',
  'Lost', 'Deleted', 'Evicted', 'Preempted', 'NodeLost', 'RegistryError',
  'ConfigError', 'ImagePullFailed', 'PendingTimedOut', 'WorkerCrashed',
  'ServiceNotReady',
] as const satisfies readonly Reason[]; // prettier-ignore

export type OutcomeReason = (typeof outcomeReasons)[number];

/**
 * How an attempt ended: a value, never an exception. SUCCESSFUL needs a *seen* exit code 0, so `reason: 'Completed'`
 * always comes with `exitCode: 0`.
 */
export interface Outcome {
  reason: OutcomeReason;
  /** The exit code of the step that decided; absent if none was seen. 128 + n for signal n. */
  exitCode?: number;
  /** A sentence for a person, if it says more than the reason's own. */
  message?: string;
  steps?: StepOutcome[];
  /** What the steps wrote to `CHAINR_OUTPUT` (`outputs.ts`); absent if nothing. */
  outputs?: Outputs;
  /** When the first step began and the last one ended, by the clock of the executor's host. */
  startedAt?: number;
  endedAt?: number;
  runtime?: Runtime;
}

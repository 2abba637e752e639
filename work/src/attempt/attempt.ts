import type { Outcome } from '@chainr/core/engine/outcome';
import type { RetryPolicy } from '@chainr/core/engine/retries';
import type { WrittenStep } from '@chainr/core/pipeline/steps';
import type { Deadlines } from '@chainr/core/store/script/transition-types';
import type { AttemptSpec, Position } from '@chainr/executor/port';
import type { HeldLease } from '../leases/held-lease.js';
import type { Mask } from '../mask/mask.js';

/** An attempt that this worker holds. */
export interface Attempt {
  readonly held: HeldLease;
  /** Without variables and images while there are `references`. */
  spec: AttemptSpec;
  /** What must still be resolved. `resolveReferences` does it before anything else. */
  references?: PendingReferences | undefined;
  /** Hides its secrets in everything that is reported about it. */
  mask: Mask;
  readonly deadlines: Deadlines;
  /** The user's own retries, if any. */
  readonly retries?: RetryPolicy;
  /** The number of jobs that depend on it. */
  readonly dependents: number;
  /** The state of its log when this worker got it. */
  readonly log: LogState;
  /** Set when this worker shuts down, or an earlier one did: `Date.now()` right before the attempt was stopped. */
  interruptedAt?: number;
  /** The recording of the interruption, pending or done. */
  interruption?: Promise<'ok' | 'stale' | 'late'>;
  /** Ends the observation with an outcome that was found in another way. */
  settle?: (outcome: Outcome) => void;
}

/** The steps as written, and the jobs whose outputs they name. */
export interface PendingReferences {
  steps: readonly WrittenStep[];
  /** Job name → index. */
  outputsOf: Readonly<Record<string, number>>;
}

/** The state of a log: how much is stored, and how far the executor's output was read. */
export interface LogState {
  length: number;
  position: Position;
}

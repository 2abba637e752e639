import type { Outcome } from '@chainr/core/engine/outcome';
import type { RetryPolicy } from '@chainr/core/engine/retries';
import type { WrittenStep } from '@chainr/core/pipeline/steps';
import type { Deadlines } from '@chainr/core/store/script/transitions';
import type { AttemptSpec, Position } from '@chainr/executor/port';
import type { HeldLease } from './held-lease.js';
import type { Mask } from './mask.js';

/** One attempt in the hands of this worker. */
export interface Attempt {
  readonly held: HeldLease;
  /** Without variables and images as long as there are `references`. */
  spec: AttemptSpec;
  /** What is still to be looked up: `resolveReferences` does, before anything else is done with it. */
  references?: PendingReferences | undefined;
  /** Of its secrets, in all that is told of it. */
  mask: Mask;
  readonly deadlines: Deadlines;
  /** The user's own retries, where there are any. */
  readonly retries?: RetryPolicy;
  /** How many jobs wait for it. */
  readonly dependents: number;
  /** Where its log stands as it comes into these hands. */
  readonly log: LogState;
  /** Set when this worker shuts down, or one before it did: by `Date.now()`, right before the attempt is stopped. */
  interruptedAt?: number;
  /** Under way or done: the record of that. */
  interruption?: Promise<'ok' | 'stale' | 'late'>;
  /** Ends the observation with an outcome that was found otherwise. */
  settle?: (outcome: Outcome) => void;
}

/** The steps as they are written, and the jobs whose outputs they name. */
export interface PendingReferences {
  steps: readonly WrittenStep[];
  /** The index of each, by its name. */
  outputsOf: Readonly<Record<string, number>>;
}

/** Where a log stands: what is stored, and up to where the executor's output was read. */
export interface LogState {
  length: number;
  position: Position;
}

import type { Outcome } from '@chainr/core/engine/outcome';
import type { ExecutorKind, LogStream, RunUid } from '@chainr/core/engine/records';
import type { Reason } from '@chainr/core/engine/reasons';
import type { StepSpec } from '@chainr/core/pipeline/steps';

/** Names one attempt; the names of its containers, pods and folders derive from it. */
export interface AttemptKey {
  run: RunUid;
  job: string;
  /** From 1. */
  attempt: number;
}

export interface AttemptSpec extends AttemptKey {
  /** The name of the pipeline, or an empty string. */
  pipeline: string;
  /** At least one; they run in order and share a workspace. */
  steps: readonly StepSpec[];
  /**
   * It is known that code of the user has run: what is not found any more was removed by somebody, and is not made
   * anew.
   */
  begun?: boolean;
}

/** A change that is not the end. */
export interface PhaseChange {
  reason: Extract<Reason, 'Starting' | 'Unschedulable' | 'PullingImage' | 'QuotaExceeded' | 'Executing'>;
  /** A sentence where it says more than the reason's own. */
  message?: string;
  /** When it happened: milliseconds since 1970 by the clock of the executor's host. */
  at: number;
}

/** An executor's own mark of where an attempt's output was read up to; '' is the beginning. */
export type Position = string;

/** Bytes that a step wrote, as it wrote them: many lines, or a part of one; it may end inside a character. */
export interface OutputChunk {
  /** Milliseconds since 1970, when they were written, or read where that is not known. */
  time: number;
  /** The step's name. */
  step: string;
  /** `system`: chainr's own words, not the step's. */
  stream: LogStream;
  /** At least one. */
  bytes: Buffer;
}

export interface LogBatch {
  /** In the order in which they were written, as far as the executor knows it: in order within each step and stream. */
  chunks: readonly OutputChunk[];
  /** The position after these chunks. */
  position: Position;
}

export interface FoundAttempt extends AttemptKey {
  /** Whether anything of it still runs. */
  alive: boolean;
}

/**
 * Called right before every write of an executor; throws when the caller's lease may have ended,
 * so that an owner that was frozen does no harm when it wakes (see Tombstones).
 */
export type WriteGuard = () => void;

/** What an executor can do; the suite runs a row on all that can, and prints which were left out. */
export interface Capabilities {
  /** Steps run in the image that they name. */
  image: boolean;
  /** `resources.limits.memory` is enforced and seen as OutOfMemory. */
  memoryLimit: boolean;
  /** The path of the workspace that every step sees; undefined where it differs per attempt. */
  workspacePath?: string;
  /** Runs real scripts and keeps their output: both streams in the order in which they were written, as stdout. */
  output: boolean;
  /** A line is handed over before its newline was written. */
  unfinishedLines: boolean;
  /** Starts an attempt once even if several ask for it at the same moment; else leases must see to that. */
  manyOwners: boolean;
  /** A `workdir` that does not exist is a ConfigError; else it is made. */
  refusesMissingWorkdir: boolean;
}

/**
 * Where attempts run. Outcomes are values; a rejected promise is an outage of the executor, and
 * the caller tries again. All methods are idempotent.
 */
export interface Executor {
  readonly kind: ExecutorKind;
  /** Which executor of its kind this is; stable over restarts. */
  readonly id: string;
  readonly capabilities: Capabilities;

  /**
   * Makes sure that the attempt's containers exist or have existed, and starts nothing twice,
   * whoever called before. What cannot be started as it is written becomes a ConfigError outcome
   * of `observe`, not a rejection.
   */
  ensure(spec: AttemptSpec, guard: WriteGuard): Promise<void>;

  /**
   * Reports changes until the end, and resolves with the outcome, at once if it has already ended.
   * An attempt of which nothing is found, or which vanished without an exit code, is `Lost`;
   * whatever is left of it has been ended by then. It takes no name: `ensure` or `stop` comes first, so that
   * nobody can start afterwards what was called Lost (see Cancels and stops). An attempt that has ended at the first look reports no
   * change; its outcome has the times, and what its steps wrote to the file that CHAINR_OUTPUT names
   * (core/engine/outputs.ts), which is there until the removal. Rejects with the signal's reason when aborted.
   */
  observe(spec: AttemptSpec, onPhase: (change: PhaseChange) => void, signal: AbortSignal): Promise<Outcome>;

  /**
   * The attempt's output after `from`, live or ended alike, as soon as it is there; ends when the attempt has ended
   * and all was read. Reads ahead no further than the batch that it yields. An abort ends it quietly. That a batch was
   * taken does not mean that it is stored: `stored` says so.
   */
  logs(spec: AttemptSpec, from: Position, signal: AbortSignal): AsyncIterable<LogBatch>;

  /**
   * Output before this position is stored, or left out for good, and is not asked for again: an executor that keeps
   * output itself may let go of it. Called now and then; never with a position before an earlier one of the attempt.
   */
  stored?(key: AttemptKey, position: Position): void;

  /**
   * Ends the attempt: SIGTERM, after `graceMs` SIGKILL. Resolves when nothing of it runs. An
   * attempt that was never started takes its own name (a tombstone), so that nobody can start it
   * afterwards (see Cancels and stops).
   */
  stop(key: AttemptKey, graceMs: number, guard: WriteGuard): Promise<void>;

  /** Removes the remains of an ended attempt, its name with them: only after the removal grace. */
  remove(key: AttemptKey, guard: WriteGuard): Promise<void>;

  /** What is here of this instance. */
  list(): Promise<FoundAttempt[]>;

  /** Releases connections, watches and timers; containers go on. */
  close(): Promise<void>;
}

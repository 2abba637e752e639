import type { Outcome } from '@chainr/core/engine/outcome';
import type { ExecutorKind, LogStream, RunUid } from '@chainr/core/engine/records';
import type { Reason } from '@chainr/core/engine/reasons';
import type { ClusterValue, KubernetesSettings } from '@chainr/core/pipeline/pipeline';
import type { ServiceSpec } from '@chainr/core/pipeline/services';
import type { StepSpec } from '@chainr/core/pipeline/steps';

/** Names one attempt. The names of its containers, pods and folders derive from it. */
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
  /** Run beside the steps, in this order; absent if there are none. Only executors with the capability `services`. */
  services?: readonly ServiceSpec[];
  /** How its pod is made. Other executors than that of Kubernetes ignore it. */
  kubernetes?: KubernetesSettings;
  /**
   * User code is known to have run. If nothing of the attempt is found, somebody removed it, and it is not created
   * again.
   */
  begun?: boolean;
  /**
   * How many of its containers, services first and then steps, may have been started, as `RecordStart` recorded it. If the remains of such a one are gone,
   * nobody knows whether it ran: the attempt is Lost, and it is not started again (see Started once).
   */
  starts?: number;
}

/** A change other than the end. */
export interface PhaseChange {
  reason: Extract<Reason, 'Starting' | 'Unschedulable' | 'PullingImage' | 'QuotaExceeded' | 'Executing'>;
  /** A sentence, if it says more than the reason's own. */
  message?: string;
  /** When it happened: milliseconds since 1970 by the clock of the executor's host. */
  at: number;
  /** When a host was found for the attempt, by the same clock, if the executor knows. */
  scheduledAt?: number;
}

/** An executor's own mark of how far an attempt's output was read; '' is the beginning. */
export type Position = string;

/** Bytes exactly as a step wrote them: many lines, or a part of one. They may end inside a character. */
export interface OutputChunk {
  /** Milliseconds since 1970, when they were written, or read if that is unknown. */
  time: number;
  /** The step's name. */
  step: string;
  /** `system`: chainr's own messages, not the step's. */
  stream: LogStream;
  /** At least one. */
  bytes: Buffer;
}

export interface LogBatch {
  /**
   * In the order in which they were written if the executor knows it; at least in order within each step and stream.
   */
  chunks: readonly OutputChunk[];
  /** The position after these chunks. */
  position: Position;
}

export interface FoundAttempt extends AttemptKey {
  /** Whether anything of it still runs. */
  alive: boolean;
}

/** What an executor says of a secret that a job names. */
export type KeptSecret =
  /** Its bytes, which must be hidden. With `place`, the executor can give the variable its value from there. */
  | { bytes: Buffer; place?: ClusterValue }
  /** There is none; where it would be looked for: `the key x of the Secret y`. */
  | { missing: string }
  /** The end of the sentence "The secret "x" …". */
  | { refusal: string };

/**
 * Called right before every write of an executor. Throws if the caller's lease may have ended, so that an owner that
 * was frozen does no harm when it wakes (see Tombstones).
 */
export type WriteGuard = () => void;

/**
 * Called before a start is sent; resolves when it is recorded outside the executor that so many services and steps may
 * have been started. Somebody may remove all that an executor keeps of an attempt, and only this record tells then that
 * it may have run (see Started once). If it rejects, nothing may be started. 0 takes back what this owner has recorded:
 * the start was refused for certain.
 */
export type RecordStart = (starts: number) => Promise<void>;

/**
 * What an executor can do. The suite runs a row on every executor that is capable of it, and prints the rows left out.
 */
export interface Capabilities {
  /** Steps run in their own image. */
  image: boolean;
  /** `resources.limits.memory` is enforced and reported as OutOfMemory. */
  memoryLimit: boolean;
  /** The path of the workspace in every step; undefined if it differs per attempt. */
  workspacePath?: string;
  /** Runs real scripts and keeps their output: both streams as stdout, in the order in which they were written. */
  output: boolean;
  /** Both streams of a `command` are kept apart. Otherwise all output counts as stdout. */
  separateStreams: boolean;
  /** Checks of `ready` reach a service that only listens on the loopback address. */
  checksLoopback: boolean;
  /** A service that exits while steps run is started again, as Kubernetes does with sidecars. */
  restartsServices: boolean;
  /** Every byte of the output is kept. Otherwise its runtime drops a carriage return before a newline. */
  exactOutput: boolean;
  /** Output that comes much faster than it is read may be dropped by the host; a chunk of `system` marks the place. */
  rotatesOutput: boolean;
  /** A step can put something that is no file in the place of `CHAINR_OUTPUT`. Otherwise it is a mount. */
  replaceableOutputFile: boolean;
  /** The step of its times: of starts and ends of steps. */
  timeStepMs: number;
  /** A line is delivered before its newline was written. */
  unfinishedLines: boolean;
  /** Starts an attempt once even if several callers ask at the same moment; otherwise leases must prevent that. */
  manyOwners: boolean;
  /** A missing `workdir` is a ConfigError; otherwise it is created. */
  refusesMissingWorkdir: boolean;
  /** Whatever it creates for an attempt runs at once, so nothing of it exists before its start is recorded. */
  startsAtCreation: boolean;
  /** Others can remove what is left of an attempt, so that each start is recorded first. */
  canVanish: boolean;
  /** Runs services beside the steps, which reach them as `localhost` and by name. */
  services: boolean;
}

/**
 * Where attempts run. Outcomes are values; a rejected promise means an outage of the executor, and the caller tries
 * again. All methods are idempotent.
 */
export interface Executor {
  readonly kind: ExecutorKind;
  /** Identifies this executor among those of its kind; stable over restarts. */
  readonly id: string;
  readonly capabilities: Capabilities;

  /**
   * Makes sure that the attempt's containers exist or have existed. Starts nothing twice, whoever called before. A
   * start that is impossible as specified becomes a ConfigError outcome of `observe`, not a rejection.
   *
   * @param recordStart may be left out only where nobody adopts the attempt
   */
  ensure(spec: AttemptSpec, guard: WriteGuard, recordStart?: RecordStart): Promise<void>;

  /**
   * Reports changes until the end and resolves with the outcome, at once if the attempt has already ended. An attempt
   * of which nothing is found, or which vanished without an exit code, is `Lost`; anything left of it has been ended by
   * then. It takes no name: call `ensure` or `stop` first, so that nobody can start afterwards what was called Lost
   * (see Cancels and stops). An attempt that has ended at the first look reports no change. Its outcome has the times,
   * and what its steps wrote to the file in CHAINR_OUTPUT (core/engine/outputs.ts), which stays until the removal.
   * Rejects with the signal's reason when aborted.
   */
  observe(spec: AttemptSpec, onPhase: (change: PhaseChange) => void, signal: AbortSignal): Promise<Outcome>;

  /**
   * The attempt's output after `from` as soon as it is there, running or ended. Ends when the attempt has ended and
   * everything was read. Reads no further ahead than the batch that it yields. An abort ends it quietly. A batch that
   * was taken is not yet stored: `stored` reports that.
   */
  logs(spec: AttemptSpec, from: Position, signal: AbortSignal): AsyncIterable<LogBatch>;

  /**
   * Reports that output before this position is stored or left out for good, and will not be read again. An executor
   * that keeps output itself may drop it. Called now and then, never with a position before an earlier one of the
   * attempt.
   */
  stored?(key: AttemptKey, position: Position): void;

  /**
   * Ends the attempt: SIGTERM, then SIGKILL after `graceMs`. Resolves when nothing of it runs. The name of an attempt
   * that was never started is taken (a tombstone), so that nobody can start it afterwards (see Cancels and stops); unless
   * the record of starts proves that nobody can anyway.
   */
  stop(key: AttemptKey, graceMs: number, guard: WriteGuard): Promise<void>;

  /** Removes the remains of an ended attempt together with its name; only after the removal grace. */
  remove(key: AttemptKey, guard: WriteGuard): Promise<void>;

  /** Resolves if attempts could run now: the daemon or API server answers. Rejects with the outage. */
  ping(): Promise<void>;

  /** The attempts of this instance that are here. */
  list(): Promise<FoundAttempt[]>;

  /**
   * Looks for a secret where the executor keeps some itself; undefined if it is not set up to. Before those of the worker.
   * @throws the error of an outage
   */
  readSecret?(name: string, spec: AttemptSpec): Promise<KeptSecret | undefined>;

  /** Releases connections, watches and timers. Containers go on. */
  close(): Promise<void>;
}

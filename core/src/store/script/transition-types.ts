import type { RunUid } from '../../engine/records.js';
import type { Reason } from '../../engine/reasons.js';
import type { ClaimedAttempt } from './read-claim.js';
import type { LogPiece } from '../logs/log-format.js';
import type { PlanEdge } from './layout.js';

/* What the transitions take and answer. */

/** Ages in milliseconds: how long ago each phase was reached. Clocks of hosts need not agree. */
export interface PhaseAges {
  scheduledMs?: number;
  pulledMs?: number;
  startedMs?: number;
}

export interface AdoptedAttempt extends ClaimedAttempt {
  /** The attempt's end is recorded; only its log and its closing are left. */
  ended: boolean;
  logEnded: boolean;
  logLength: number;
  /** Where the executor's output was read up to. */
  position: string;
  /** Why it is to be stopped, or, where it has ended, why its log is to be read no more; absent where it may go on. */
  stop?: Reason;
  /** How long ago a worker was told first to stop it. */
  stopToldMs: number;
  /** Code of the user is known to have run. */
  begun: boolean;
  /** How many of its containers, services first and then steps, may have been started; see `start`. */
  starts: number;
}

/** What a renewal tells of the leases that were to be renewed, as `formatLease` writes them. */
export interface Renewal {
  /** Those that are not the caller's any more. */
  lost: string[];
  /** Those whose attempts are to be stopped, and why. */
  stops: { lease: string; reason: Reason }[];
}

/** Deadlines that an attempt's phases begin; each counts from where Deadlines and retries says. */
export interface Deadlines {
  timeoutMs?: number;
  pendingTimeoutMs?: number;
}

export type ClaimRefusal = 'gone' | 'taken' | 'final' | 'canceled' | 'waiting' | 'stale' | 'pool' | 'paused' | 'parked';

/** What may be done with an attempt's end in the same call. */
export interface FinishOptions {
  /** So many dependents that became ready may be claimed for the same worker (fusion), under leases of `ttlMs`. */
  fuse?: { ttlMs: number; atMost: number };
  /** For an attempt of which all output is stored: its log ends and it is closed; its name stays taken for so long. */
  closeGraceMs?: number;
  /** With that: how long the log is, in bytes; it is compared where there is any. */
  logLength?: number;
}

/** `open`: it was to be closed, but less of its log is stored than was said. */
export type FinishReply = { kind: 'ok'; fused: ClaimedAttempt[]; open?: true } | { kind: 'stale' };

/** Of an attempt that another one follows. */
export interface AgainOptions {
  /** Its name stays taken for so long. */
  removalGraceMs: number;
  /** How long its log is, in bytes; it is compared where there is any. */
  logLength?: number;
}

export type AgainReply =
  | 'ok'
  | 'stale'
  /** No retry is left, or something else ended it: finish it instead. */
  | 'final'
  /** Less of its log is stored than was said: store it again first. */
  | 'log-lost';

/** What is appended to a log. */
export type LogEntry = {
  /** How long the log is expected to be. */
  length: number;
  /** The executor's position afterwards. */
  position: string;
  /** Nothing comes after it. */
  end: boolean;
} & (
  | { pieces: readonly LogPiece[] }
  /** Of the first step's stdout, now. */
  | { bytes: Buffer }
);

export type AppendReply =
  | { kind: 'ok'; length: number }
  /** The stored log is not as long as expected: read on from this position. */
  | { kind: 'length'; length: number; position: string }
  /** The logs of all attempts together have no room left (see Full store); nothing was stored. */
  | { kind: 'full'; length: number; position: string }
  | { kind: 'stale' };

export interface NewRunArguments {
  uid: RunUid;
  pool: string;
  /** The pools of its jobs, each with what stands in its backlog (`packSlices`); empty if all are in `pool`. */
  pools: string;
  info: string;
  jobCount: number;
  /** `scope:key`, or empty. */
  idempotency: string;
  bodyHash: string;
  /** Also in `info` and `indexes`. */
  externalId?: string | undefined;
  /** The first jobs without dependencies, u16 each, at most `readyAtOnce`. */
  roots: Buffer;
  /** How many further roots stand in the run's backlog; 0 if `pools` says it. */
  backlog: number;
  /** `runFlags` */
  flags: number;
  priority: number;
  /** 0: none. */
  maxParallel: number;
  timeoutMs: number | undefined;
  /** How many jobs are so from the beginning. */
  successful: number;
  skipped: number;
  /** Of all that is stored of the jobs. */
  fieldCount: number;
  /** As `indexLines` makes them; none if left out. */
  indexes?: string;
  /** What all jobs share (`SharedPlan`), JSON; absent if that is nothing. */
  shared?: string | undefined;
  /**
   * The stored source, and of each job in their order four: its index, row, `planField`, plan; then what else there is.
   * Absent where they were stored before.
   */
  inline: { source: Buffer; fields: readonly (string | Buffer)[] } | undefined;
}

export type CreateReply =
  | { kind: 'created' | 'replayed' | 'conflict'; uid: RunUid }
  /** Another run has the external id. */
  | { kind: 'taken' }
  /** The rows that were stored before have expired: store them again. */
  | { kind: 'incomplete' };

/** A job that waits for another one, directly or not, with all edges that lead to it. */
export interface Dependent {
  index: number;
  dependencies: readonly PlanEdge[];
}

export type ReopenRefusal =
  | 'gone'
  /** The run is final. */
  | 'final'
  /** The run is asked to end. */
  | 'ending'
  /** The job is not FAILED. */
  | 'status'
  /** Its edges are not resolved or its attempt is not closed yet: ask again. */
  | 'busy';

export type ReopenReply =
  | { kind: 'ok'; attempt: number }
  /** This dependent was claimed once. */
  | { kind: 'claimed'; index: number }
  | { kind: ReopenRefusal };

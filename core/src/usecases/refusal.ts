import type { RunUid } from '../engine/records.js';
import type { Mistake } from '../pipeline/mistakes.js';

/** Why a use case did nothing. Every kind is listed here; each use case says which of them it has. */
export type RefusalKind =
  | 'no-run'
  | 'no-job'
  | 'invalid-pipeline'
  | 'unknown-jobs'
  /** An idempotency key that was used for something else. */
  | 'key-reused'
  /** This version would not accept the pipeline of the run any more. */
  | 'pipeline-outdated'
  | 'not-rerunnable'
  /** The run has not ended. */
  | 'live'
  | 'ended'
  /** It has ended, and part of its log is still being stored: the same call succeeds in a moment. */
  | 'log-open'
  | 'not-failed'
  | 'dependents-begun'
  | 'too-many-dependents';

export interface Refusal<Kind extends RefusalKind = RefusalKind> {
  /** For programs. */
  kind: Kind;
  /** For people: a sentence that also says what to do. */
  message: string;
  /** Every place that is wrong, where the input is. */
  mistakes?: readonly Mistake[];
}

export const noRun = (uid: RunUid): Refusal<'no-run'> => ({
  kind: 'no-run',
  message: `There is no run ${JSON.stringify(uid)}.`,
});

export const noJob = (name: string): Refusal<'no-job'> => ({
  kind: 'no-job',
  message: `The run has no job ${JSON.stringify(name)}.`,
});

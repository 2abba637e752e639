import type { RunUid } from '../engine/records.js';
import type { RefusalKind } from '../engine/refusals.js';
import type { Mistake } from '../pipeline/mistakes.js';

/** Why a use case did nothing. Each use case says which kinds it has. */
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

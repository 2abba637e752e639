import { maskOf, type Condition, type ConditionMask } from '../pipeline/conditions.js';
import type { JobStatus } from './states.js';

/** How a dependency can end, as far as its dependents care. */
export type Ending = Extract<JobStatus, 'SUCCESSFUL' | 'FAILED' | 'SKIPPED' | 'CANCELED'>;

export type TruthTable = Readonly<Record<Ending, Readonly<Record<Condition, boolean>>>>;

/**
 * The truth table of edges: whether an edge that names a condition is satisfied by the way in
 * which the dependency ended. An edge that names several is satisfied by any of them. A job
 * starts when all its edges are satisfied, and is SKIPPED as soon as one can no longer be; the
 * dependents of a CANCELED job are CANCELED. `allowFailure` plays no part here.
 */
export const truthTable: TruthTable = {
  SUCCESSFUL: { success: true, failure: false, skipped: false },
  FAILED: { success: false, failure: true, skipped: false },
  SKIPPED: { success: false, failure: false, skipped: true },
  CANCELED: { success: false, failure: false, skipped: false },
};

/** Whether an edge is satisfied by a dependency that has ended so. */
export const isSatisfied = (ending: Ending, mask: ConditionMask): boolean => (mask & maskOf(truthTable[ending])) !== 0;

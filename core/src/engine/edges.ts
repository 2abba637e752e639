import { maskOf, type Condition, type ConditionMask } from '../pipeline/conditions.js';
import type { JobStatus } from './states.js';

/** The endings of a dependency that its dependents distinguish. */
export type Ending = Extract<JobStatus, 'SUCCESSFUL' | 'FAILED' | 'SKIPPED' | 'CANCELED'>;

export type TruthTable = Readonly<Record<Ending, Readonly<Record<Condition, boolean>>>>;

/**
 * The truth table of edges: whether an ending of the dependency satisfies an edge with a condition. An edge with
 * several conditions is satisfied by any of them. A job starts when all its edges are satisfied, and is SKIPPED as soon
 * as one can no longer be; dependents of a CANCELED job are CANCELED. `allowFailure` plays no part here.
 */
export const truthTable: TruthTable = {
  SUCCESSFUL: { success: true, failure: false, skipped: false },
  FAILED: { success: false, failure: true, skipped: false },
  SKIPPED: { success: false, failure: false, skipped: true },
  CANCELED: { success: false, failure: false, skipped: false },
};

/** Whether this ending of the dependency satisfies the edge. */
export const isSatisfied = (ending: Ending, mask: ConditionMask): boolean => (mask & maskOf(truthTable[ending])) !== 0;

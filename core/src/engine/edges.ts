import type { JobStatus } from './states.js';

/** A condition of an edge. The order is the bit that is stored in Redis: append only. */
export const conditions = ['success', 'failure', 'skipped'] as const;
export type Condition = (typeof conditions)[number];

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

/** The conditions of one edge as bits: 1 = success, 2 = failure, 4 = skipped. */
export type ConditionMask = number;

/** Whether an edge is satisfied by a dependency that has ended so. */
export const isSatisfied = (ending: Ending, mask: ConditionMask): boolean => (mask & maskOf(truthTable[ending])) !== 0;

export function maskOf(named: Readonly<Partial<Record<Condition, boolean>>>): ConditionMask {
  return conditions.reduce((mask, condition, bit) => (named[condition] ? mask | (1 << bit) : mask), 0);
}

/**
 * How long the next attempt waits after infrastructure took one (rule of budgets in `reasons.ts`): as many losses
 * as there are entries are made good in the life of a job; whole seconds, in ms.
 */
export const lossBackoffMs = [1_000, 10_000, 60_000] as const;

/** Rule R9: an attempt that was adopted so often in this time, without a line, phase or step between, kills its workers. */
export const adoptionsWithoutProgress = { max: 5, withinMs: 600_000 } as const;

/** Rule R14: from the claim to the user's code, pulls included, unless the job says otherwise. */
export const defaultPendingTimeoutMs = 600_000;

import type { Retries } from '../pipeline/pipeline.js';

/**
 * How long the next attempt waits after infrastructure took one (rule of budgets in `reasons.ts`): as many losses
 * as there are entries are made good in the life of a job; whole seconds, in ms.
 */
export const lossBackoffMs = [1_000, 10_000, 60_000] as const;

/** The user's own retries of a job, everything resolved. Durations in ms. */
export interface RetryPolicy {
  /** How many attempts may follow the first. */
  limit: number;
  /** Before the first retry; each later one waits `factor` times as long, at most `maxMs`. */
  initialMs: number;
  factor: number;
  maxMs: number;
}

/** Where a job asks for retries and says nothing more. */
const defaultBackoff = { initialMs: 1_000, factor: 2, maxMs: 300_000 } as const;

/** An `initial` beyond the default longest backoff raises that. */
export function retryPolicy({ limit, backoff = {} }: Retries): RetryPolicy {
  const { initialMs = defaultBackoff.initialMs, factor = defaultBackoff.factor } = backoff;
  return { limit, initialMs, factor, maxMs: backoff.maxMs ?? Math.max(initialMs, defaultBackoff.maxMs) };
}

/**
 * Crash loops: so many workers in a row may die soon after they took an attempt, without a line, phase or step between, and
 * what such an attempt waits at most before it is adopted again, in times of a lease.
 */
export const crashLoop = { deathsMax: 5, delayLeasesMax: 4 } as const;

/** Deadlines and retries: from the claim to the user's code, pulls included, unless the job says otherwise. */
export const defaultPendingTimeoutMs = 600_000;

import type { Retries } from '../pipeline/pipeline.js';

/**
 * The waits before the next attempt after an infrastructure failure (see `budget` in `reasons.ts`), in ms; whole
 * seconds. A job is retried for as many such failures as there are entries.
 */
export const lossBackoffMs = [1_000, 10_000, 60_000] as const;

/** The user's retries of a job with all defaults filled in. Durations in ms. */
export interface RetryPolicy {
  /** How many attempts may follow the first. */
  limit: number;
  /** The wait before the first retry. Each later one is `factor` times as long, at most `maxMs`. */
  initialMs: number;
  factor: number;
  maxMs: number;
}

/** The backoff of a job that asks for retries without one. */
const defaultBackoff = { initialMs: 1_000, factor: 2, maxMs: 300_000 } as const;

/** An `initial` above the default longest backoff raises that too. */
export function retryPolicy({ limit, backoff = {} }: Retries): RetryPolicy {
  const { initialMs = defaultBackoff.initialMs, factor = defaultBackoff.factor } = backoff;
  return { limit, initialMs, factor, maxMs: backoff.maxMs ?? Math.max(initialMs, defaultBackoff.maxMs) };
}

/**
 * The limits of crash loops. `deathsMax`: how many workers in a row may die soon after they took an attempt, without a
 * line, phase or step in between. `delayLeasesMax`: the longest wait before such an attempt is adopted again, in lease
 * times.
 */
export const crashLoop = { deathsMax: 5, delayLeasesMax: 4 } as const;

/**
 * How long an attempt may take from its claim to the user's code, image pulls included, unless the job says otherwise.
 */
export const defaultPendingTimeoutMs = 600_000;

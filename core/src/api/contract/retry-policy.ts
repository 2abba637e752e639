import { ConnectionError, RequestError } from '../client/request-error.js';

/** How long a client retries, and how far apart. */
export interface RequestRetryPolicy {
  /** Counted from the first failure; 0 = never retry. */
  forMs: number;
  /** The first pause. Each further pause is twice as long, up to `maxPauseMs`. */
  pauseMs: number;
  maxPauseMs: number;
}

/** The default policy. It is long enough for a restart of a service or of Redis. */
export const defaultRetryPolicy: RequestRetryPolicy = { forMs: 30_000, pauseMs: 200, maxPauseMs: 5000 };

/**
 * Whether the same request may succeed a little later: something is away, or there are too many connections. The
 * request must be safe to send twice.
 */
export function isPassing(error: unknown): error is RequestError | ConnectionError {
  return (
    error instanceof ConnectionError ||
    (error instanceof RequestError && (error.status === 503 || error.status === 429))
  );
}

/**
 * Yields the pauses between tries in milliseconds, and ends when the policy's time is used up.
 * @param now milliseconds of a clock that does not jump
 */
export function* pausesOf(policy: RequestRetryPolicy, now = () => performance.now()): Generator<number> {
  const end = now() + policy.forMs;
  for (let pause = policy.pauseMs; now() + pause <= end; pause = Math.min(pause * 2, policy.maxPauseMs)) yield pause;
}

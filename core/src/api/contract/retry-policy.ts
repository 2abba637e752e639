import { ConnectionError, RequestError } from '../client/request-error.js';

/** How long a client goes on trying, and how far apart. */
export interface RequestRetryPolicy {
  /** From the first failure; 0 = never try again. */
  forMs: number;
  /** The first pause; each further one is twice as long, up to `maxPauseMs`. */
  pauseMs: number;
  maxPauseMs: number;
}

/** How a client tries again that says nothing else: long enough for a restart of a service or of Redis. */
export const defaultRetryPolicy: RequestRetryPolicy = { forMs: 30_000, pauseMs: 200, maxPauseMs: 5000 };

/** Whether the same request may succeed a little later: something is away, or there are too many connections. It must be one that is safe to send twice. */
export function isPassing(error: unknown): error is RequestError | ConnectionError {
  return (
    error instanceof ConnectionError ||
    (error instanceof RequestError && (error.status === 503 || error.status === 429))
  );
}

/**
 * The pauses between tries: yields the milliseconds to wait before the next one, and ends when the
 * policy has no patience left.
 * @param now in ms, of a clock that does not jump.
 */
export function* pausesOf(policy: RequestRetryPolicy, now = () => performance.now()): Generator<number> {
  const end = now() + policy.forMs;
  for (let pause = policy.pauseMs; now() + pause <= end; pause = Math.min(pause * 2, policy.maxPauseMs)) yield pause;
}

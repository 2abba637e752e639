import { setTimeout as pause } from 'node:timers/promises';
import { ApiError } from './api-error.js';

/** After an outage one request is in flight at first, and one more is allowed every so often. */
const rampStepMs = 100;
/** A wait that the API server asks for, if it does not say how long. */
const usualWaitMs = 1_000;

/**
 * Limits how many requests are in flight. When the API server is overloaded (429) or away, everybody waits as long as
 * it asks, and the limit then rises from one step by step, so that its return does not meet a herd.
 */
export class Pace {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;
  #notBefore = 0;
  #rampFrom: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Calls when it is its turn. Rejects with the signal's reason when aborted while it waits. */
  async run<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#turn(signal);
    try {
      return await call();
    } catch (error) {
      this.#failed(error);
      throw error;
    } finally {
      this.#inFlight -= 1;
      this.#next();
    }
  }

  #limit(): number {
    if (this.#rampFrom === undefined) return this.#most;
    const limit = 1 + Math.floor((performance.now() - this.#rampFrom) / rampStepMs);
    if (limit >= this.#most) this.#rampFrom = undefined;
    return Math.min(limit, this.#most);
  }

  #isFree(): boolean {
    return performance.now() >= this.#notBefore && this.#inFlight < this.#limit();
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiting.length === 0 && this.#isFree()) {
      this.#inFlight += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      signal?.addEventListener('abort', leave);
      this.#waiting.push(go);
      this.#next();
    });
  }

  #next(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#waiting.length > 0 && this.#isFree()) {
      this.#inFlight += 1;
      this.#waiting.shift()?.();
    }
    if (this.#waiting.length === 0) return;
    const untilOpen = this.#notBefore - performance.now();
    // Otherwise the end of a request in flight lets the next one go.
    if (untilOpen > 0 || this.#rampFrom !== undefined) {
      this.#timer = setTimeout(
        () => {
          this.#next();
        },
        Math.max(untilOpen, rampStepMs),
      );
    }
  }

  #failed(error: unknown): void {
    if (error instanceof ApiError && error.status !== 429 && error.status < 500) return;
    const waitMs = error instanceof ApiError ? (error.retryAfterMs ?? usualWaitMs) : 0;
    this.#notBefore = Math.max(this.#notBefore, performance.now() + waitMs);
    this.#rampFrom = performance.now() + waitMs;
  }
}

/** A pause between two tries: it doubles from `leastMs` to `mostMs`, and a random half of it keeps callers apart. */
export async function backoff(tries: number, leastMs: number, mostMs: number, signal?: AbortSignal): Promise<void> {
  const ms = Math.min(mostMs, leastMs * 2 ** Math.min(tries, 20));
  await pause(ms / 2 + (Math.random() * ms) / 2, undefined, { signal });
}

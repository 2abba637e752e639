import { setTimeout as pause } from 'node:timers/promises';
import { ApiError, NoAnswer } from './api-error.js';

/** A wait that the API server asks for, if it does not say how long. */
const usualWaitMs = 1_000;

/** Answers that say that the API server has too much to do or is away. Others are about the request, or about one node. */
const overloads = new Set([429, 502, 503, 504]);

/**
 * Limits how many requests are in flight. When the API server is overloaded or away, everybody waits as long as it asks.
 * One request is then in flight at first, and one more each time that as many as may be were answered, so that its
 * return does not meet a herd.
 */
export class Pace {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;
  #limit: number;
  /** Answers since the limit was last changed. */
  #answers = 0;
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(most: number) {
    this.#most = most;
    this.#limit = most;
  }

  /** Calls when it is its turn. Rejects with the signal's reason when aborted while it waits. */
  async run<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#turn(signal);
    try {
      const result = await call();
      this.#answered();
      return result;
    } catch (error) {
      if (isOverload(error)) this.#slowDown(error instanceof ApiError ? (error.retryAfterMs ?? usualWaitMs) : 0);
      else if (error instanceof ApiError) this.#answered();
      throw error;
    } finally {
      this.#inFlight -= 1;
      this.#next();
    }
  }

  #isFree(): boolean {
    return performance.now() >= this.#notBefore && this.#inFlight < this.#limit;
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
      signal?.addEventListener('abort', leave, { once: true });
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
    // Otherwise the end of a request in flight lets the next one go.
    const untilOpenMs = this.#notBefore - performance.now();
    if (this.#waiting.length === 0 || untilOpenMs <= 0) return;
    this.#timer = setTimeout(() => { this.#next(); }, untilOpenMs + 1); // prettier-ignore
  }

  #answered(): void {
    if (this.#limit === this.#most) return;
    this.#answers += 1;
    if (this.#answers < this.#limit) return;
    this.#limit += 1;
    this.#answers = 0;
  }

  #slowDown(waitMs: number): void {
    this.#notBefore = Math.max(this.#notBefore, performance.now() + waitMs);
    this.#limit = 1;
    this.#answers = 0;
  }
}

const isOverload = (error: unknown): boolean =>
  error instanceof NoAnswer || (error instanceof ApiError && overloads.has(error.status));

/** A pause between two tries: it doubles from `leastMs` to `mostMs`, and a random half of it keeps callers apart. */
export function backoffMs(tries: number, leastMs: number, mostMs: number): number {
  const ms = Math.min(mostMs, leastMs * 2 ** Math.min(tries, 20));
  return ms / 2 + (Math.random() * ms) / 2;
}

/** Pauses so. @throws when aborted */
export async function backoff(tries: number, leastMs: number, mostMs: number, signal?: AbortSignal): Promise<void> {
  await pause(backoffMs(tries, leastMs, mostMs), undefined, { signal });
}

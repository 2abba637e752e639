import { within } from '../../async/within.js';
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { untilReady } from '../redis/connection.js';
import { StoreFull, StoreUnavailable } from '../redis/errors.js';
import { prefix } from '../redis/keys.js';
import type { RedisClock } from '../redis/redis-clock.js';
import { creatingFunctionOf, functionOf, libraryText, type Library } from './library.js';
import { unpackReply, type Reply } from './unpack-reply.js';
import { isAway, isFull } from '../redis/failures.js';

/** Digits of the number of a call; the same for all, so that text order is that of the numbers. */
const numberDigits = 12;

export interface ReplayableCallsOptions {
  connection: Redis;
  library: Library;
  /** How long a call is sent again before it counts as unavailable; Infinity: for ever. */
  patienceMs: number;
  /** How long Redis may take for a call; the longest take some ten milliseconds. */
  commandTimeoutMs: number;
  /** Without one the library believes the clock of Redis. */
  clock?: RedisClock | undefined;
  /** Told of each call that was sent: after how many milliseconds it was answered, or failed. */
  onCall?: OnCall | undefined;
}

export type OnCall = (ms: number, answered: boolean) => void;

/**
 * One sequence of calls of the library, of which one at a time is under way. A call without a
 * reply is sent again with the same number, and the library, which keeps the last reply of each
 * lane, answers it as the first time (see Resent calls). Numbers rise: a call that a dead connection
 * delivers after the lane has gone on is refused.
 */
export class ReplayableCalls {
  readonly #name = randomBytes(9).toString('base64url');
  readonly #connection: Redis;
  readonly #library: Library;
  readonly #patienceMs: number;
  readonly #commandTimeoutMs: number;
  readonly #clock: RedisClock | undefined;
  readonly #onCall: OnCall;
  #calls = 0;
  /** When the call under way began, by `performance.now()`. */
  #begunAt: number | undefined;

  constructor({ connection, library, patienceMs, commandTimeoutMs, clock, onCall }: ReplayableCallsOptions) {
    this.#connection = connection;
    this.#library = library;
    this.#patienceMs = patienceMs;
    this.#commandTimeoutMs = commandTimeoutMs;
    this.#clock = clock;
    this.#onCall = onCall ?? (() => undefined);
  }

  /**
   * @param operations as `packOperations` makes them.
   * @param creates whether one of them creates a run.
   * @throws StoreUnavailable when patience ended, StoreFull, or the library's own error (a bug);
   * after the last two nothing was written.
   */
  async call(operations: Buffer, creates: boolean, signal: AbortSignal): Promise<Reply[]> {
    this.#calls += 1;
    const begunAt = performance.now();
    this.#begunAt = begunAt;
    try {
      const replies = await this.#callUntil(begunAt + this.#patienceMs, operations, creates, signal);
      replies.pop(); // Its number.
      this.#clock?.observe(Number(replies.pop()), begunAt);
      return replies;
    } finally {
      this.#begunAt = undefined;
    }
  }

  /** How long the call under way has been without a reply, in milliseconds; 0 without one. */
  get unansweredMs(): number {
    return this.#begunAt === undefined ? 0 : performance.now() - this.#begunAt;
  }

  async #callUntil(deadline: number, operations: Buffer, creates: boolean, signal: AbortSignal): Promise<Reply[]> {
    const name = creates ? creatingFunctionOf(this.#library) : functionOf(this.#library);
    const number = String(this.#calls).padStart(numberDigits, '0');
    for (;;) {
      try {
        return unpackReply(await this.#sendInTime(name, [this.#name, number, operations]));
      } catch (error) {
        const failure = sort(error);
        if (failure !== 'away') throw failure;
        const left = deadline - performance.now();
        if (left <= 0 || signal.aborted) throw new StoreUnavailable('Redis does not answer', { cause: error });
        await this.#comesBack(left, signal, error);
      }
    }
  }

  /** A call that is refused for its time is sent once more, after a jump of the clock was taken out (see Clock). */
  async #sendInTime(name: string, args: (string | Buffer)[]): Promise<Buffer> {
    try {
      return await this.#send(name, [...args, ...(this.#clock?.expectation() ?? [])]);
    } catch (error) {
      if (!this.#clock || !isOfClock(error)) throw error;
      await this.#clock.now();
      return this.#send(name, [...args, ...this.#clock.expectation()]);
    }
  }

  /** The library is loaded where it is missing: on a new Redis, after a restore, a failover or FUNCTION FLUSH. */
  async #send(name: string, args: (string | Buffer)[]): Promise<Buffer> {
    try {
      return await this.#ask('FCALL', name, '1', prefix, ...args);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await this.#load();
      return this.#ask('FCALL', name, '1', prefix, ...args);
    }
  }

  async #load(): Promise<void> {
    try {
      await this.#ask('FUNCTION', 'LOAD', libraryText(this.#library));
    } catch (error) {
      // Another one was quicker.
      if (!(error instanceof Error && error.message.includes('already exists'))) throw error;
    }
  }

  /** A command that is under way when its connection breaks may never be answered by the client, whatever its own limit. */
  async #ask(...command: [string, ...(string | Buffer)[]]): Promise<Buffer> {
    const sentAt = performance.now();
    let answered = false;
    try {
      const reply = this.#connection.callBuffer(...command) as Promise<Buffer>;
      const bytes = await within(this.#commandTimeoutMs, reply, () => {
        throw new Error('Redis did not answer in time');
      });
      answered = true;
      return bytes;
    } finally {
      this.#onCall(performance.now() - sentAt, answered);
    }
  }

  /** With a timer of its own: the signals of `AbortSignal.timeout` were seen to be collected before their time. */
  async #comesBack(leftMs: number, signal: AbortSignal, cause: unknown): Promise<void> {
    const limit = new AbortController();
    const abort = (): void => {
      limit.abort();
    };
    signal.addEventListener('abort', abort);
    const timer = leftMs === Infinity ? undefined : setTimeout(abort, Math.ceil(leftMs));
    try {
      if (this.#connection.status === 'ready')
        await new Promise((resolve) => setTimeout(resolve, Math.min(20, leftMs)));
      else await untilReady(this.#connection, limit.signal);
    } catch {
      throw new StoreUnavailable('Redis does not answer', { cause });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && error.message.includes('Function not found');

const isOfClock = (error: unknown): boolean => error instanceof Error && error.message.startsWith('CLOCK ');

/** What the caller does next: send again, or give the error back. */
function sort(error: unknown): 'away' | Error {
  if (isAway(error) || isOfClock(error) || isMissing(error)) return 'away';
  if (isFull(error)) return new StoreFull('Redis has no memory left', { cause: error });
  return error instanceof Error ? error : new Error(String(error));
}

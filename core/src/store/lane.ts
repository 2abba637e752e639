import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { untilReady } from './connection.js';
import { StoreFull, StoreUnavailable } from './errors.js';
import { prefix } from './keys.js';
import type { Script } from './scripts.js';
import { unpackReply, type Reply } from './unpack-reply.js';

/**
 * One sequence of calls of the script, of which one at a time is under way. A call without a
 * reply is sent again with the same nonce, and the script, which keeps the last reply of each
 * lane, answers it as the first time (rule R6).
 */
export class Lane {
  readonly #name = randomBytes(9).toString('base64url');
  readonly #connection: Redis;
  readonly #script: Script;
  readonly #patienceMs: number;

  /** @param patienceMs how long a call is sent again before it counts as unavailable; Infinity: for ever. */
  constructor(connection: Redis, script: Script, patienceMs: number) {
    this.#connection = connection;
    this.#script = script;
    this.#patienceMs = patienceMs;
  }

  /**
   * @param operations as `packOperations` makes them.
   * @throws StoreUnavailable when patience ended, StoreFull, or the script's own error (a bug);
   * after the last two nothing was written.
   */
  async call(operations: Buffer, signal: AbortSignal): Promise<Reply[]> {
    const nonce = randomBytes(9).toString('base64url');
    const deadline = performance.now() + this.#patienceMs;
    for (;;) {
      try {
        return unpackReply(await this.#send([this.#name, nonce, operations]));
      } catch (error) {
        const failure = sort(error);
        if (failure !== 'away') throw failure;
        const left = deadline - performance.now();
        if (left <= 0 || signal.aborted) throw new StoreUnavailable('Redis does not answer', { cause: error });
        await this.#comesBack(left, signal, error);
      }
    }
  }

  async #send(args: (string | Buffer)[]): Promise<Buffer> {
    try {
      return (await this.#connection.callBuffer('EVALSHA', this.#script.sha, 1, prefix, ...args)) as Buffer;
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return (await this.#connection.callBuffer('EVAL', this.#script.text, 1, prefix, ...args)) as Buffer;
    }
  }

  async #comesBack(leftMs: number, signal: AbortSignal, cause: unknown): Promise<void> {
    const limit = leftMs === Infinity ? signal : AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(leftMs))]);
    try {
      if (this.#connection.status === 'ready')
        await new Promise((resolve) => setTimeout(resolve, Math.min(20, leftMs)));
      else await untilReady(this.#connection, limit);
    } catch {
      throw new StoreUnavailable('Redis does not answer', { cause });
    }
  }
}

/** What the caller does next: send again, or give the error back. */
function sort(error: unknown): 'away' | Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (error.name !== 'ReplyError') return 'away';
  if (/^(LOADING|BUSY|MASTERDOWN|READONLY|TRYAGAIN|CLUSTERDOWN|NOREPLICAS)\b/.test(error.message)) return 'away';
  if (error.message.includes('OOM command not allowed')) return new StoreFull('Redis has no memory left');
  return error;
}

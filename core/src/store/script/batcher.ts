import type { Logger } from '../../service/logger.js';
import { StoreUnavailable } from '../redis/errors.js';
import { ReplayableCalls, type ReplayableCallsOptions } from './replayable-calls.js';
import { priorityBase } from '../../pipeline/priorities.js';
import { packOperations, type Argument } from './pack-operations.js';
import { listArguments, type OperationArguments, type OperationName } from './operations.js';
import type { Reply } from './unpack-reply.js';

interface Operation {
  name: string;
  args: readonly Argument[];
  weight: number;
  resolve: (reply: Reply[]) => void;
  reject: (error: unknown) => void;
}

/** Ids that became ready, as the scripts hand them out: one message each. */
export interface Bundle {
  pool: string;
  message: number;
  /** −100 … 100, of all its ids (see Priorities). */
  priority: number;
  /** It met a worker without room, or was lost, and goes before the others of its priority. */
  cameBack: boolean;
  /** `uid.index.attempt` */
  ids: string[];
}

export interface BatcherOptions extends ReplayableCallsOptions {
  logger: Logger;
  /** Enqueues what a call handed out. */
  deliver: (bundles: Bundle[]) => void;
  /** Calls under way at once. */
  lanes?: number;
}

/** What one call carries at most: 32 light operations, or fewer heavy ones (see Bounded calls). */
const weightPerCall = 32;

/**
 * Gathers the operations of one turn of the event loop into one call of the library, and while all
 * lanes are under way those of many turns: one operation alone takes the same path.
 */
export class Batcher {
  readonly #idle: ReplayableCalls[];
  readonly #lanes: readonly ReplayableCalls[];
  readonly #deliver: (bundles: Bundle[]) => void;
  readonly #logger: Logger;
  readonly #stopped = new AbortController();
  #waiting: Operation[] = [];
  #scheduled = false;

  constructor({ deliver, logger, lanes = 2, ...calls }: BatcherOptions) {
    this.#logger = logger;
    this.#lanes = Array.from({ length: lanes }, () => new ReplayableCalls(calls));
    this.#idle = [...this.#lanes];
    this.#deliver = deliver;
  }

  /** The operation's own reply. `weight` is 1 for one that takes Redis some 30 µs. */
  run<Name extends OperationName>(
    name: Name,
    named: OperationArguments<Name>,
    { rest, weight = 1 }: { rest?: readonly Argument[] | undefined; weight?: number } = {},
  ): Promise<Reply[]> {
    const args = listArguments(name, named, rest);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, args, weight, resolve, reject });
      this.#schedule();
    });
  }

  /** Calls that wait for Redis end with StoreUnavailable. */
  stop(): void {
    this.#stopped.abort();
  }

  /** Whether nothing waits and nothing is under way. */
  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#idle.length === this.#lanes.length;
  }

  /** How long the oldest call under way has been without a reply, in milliseconds. */
  get unansweredMs(): number {
    return Math.max(...this.#lanes.map((lane) => lane.unansweredMs));
  }

  #schedule(): void {
    if (this.#scheduled || this.#idle.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#waiting.length > 0) {
        const lane = this.#idle.pop();
        if (!lane) return;
        void this.#call(lane, this.#take());
      }
    });
  }

  #take(): Operation[] {
    let weight = 0;
    let count = 0;
    for (const operation of this.#waiting) {
      weight += operation.weight;
      if (count > 0 && weight > weightPerCall) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #call(lane: ReplayableCalls, operations: Operation[]): Promise<void> {
    try {
      await this.#carryOut(lane, operations);
    } finally {
      this.#idle.push(lane);
      if (this.#waiting.length > 0) this.#schedule();
    }
  }

  /** What waited for a lane meanwhile would wait as long again: longer than a user may (see Leases). */
  #giveUpWaiting(error: StoreUnavailable): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  async #carryOut(lane: ReplayableCalls, operations: Operation[]): Promise<void> {
    let replies: Reply[];
    try {
      const creates = operations.some(({ name }) => name === 'create');
      replies = await lane.call(packOperations(operations), creates, this.#stopped.signal);
    } catch (error) {
      // The library's own error leaves nothing written: alone, only the operation at fault fails again.
      if (operations.length > 1 && error instanceof Error && error.name === 'ReplyError') {
        // One by one all may succeed. Then nothing else tells of the error.
        const named = { event: 'store.callFailed', operations: operations.map(({ name }) => name), err: error };
        this.#logger.error(named, 'A call of the library failed; its operations are sent one by one');
        for (const operation of operations) await this.#carryOut(lane, [operation]);
      } else {
        for (const { reject } of operations) reject(error);
        if (error instanceof StoreUnavailable) this.#giveUpWaiting(error);
      }
      return;
    }
    const bundles = replies[operations.length] as Reply[];
    if (bundles.length > 0) this.#deliver(bundles.map(toBundle));
    operations.forEach(({ resolve }, place) => {
      resolve(replies[place] as Reply[]);
    });
  }
}

function toBundle(reply: Reply): Bundle {
  const [pool, message, priority, cameBack, ...ids] = reply as [string, number, number, number, ...string[]];
  return { pool, message, priority: priority - priorityBase, cameBack: cameBack === 1, ids };
}

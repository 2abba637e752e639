import { within } from '../async/within.js';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { priorityBase, rankBase } from '../pipeline/priorities.js';
import type { Logger } from '../service/logger.js';
import { connectForQueue, untilReady } from '../store/redis/connection.js';
import { queuePrefix } from '../store/redis/keys.js';
import type { Bundle } from '../store/script/batcher.js';

/** The content of a message: `uid.index.attempt` ids of one pool and one priority (see Ready marks). */
export interface BundleMessage {
  ids: string[];
}

/**
 * The BullMQ priority of a message; lower ones go first. Each of our priorities has two, the first for work that came
 * back. Every message needs one, since BullMQ puts messages without a priority before all others (see Priorities).
 */
const rankOf = ({ priority, cameBack }: Bundle) => rankBase - 2 * (priority + priorityBase) - (cameBack ? 1 : 0);

/** The BullMQ id of a bundle's message. BullMQ refuses ids that are numbers. */
export const messageId = (message: number): string => `m${String(message)}`;

const optionsOf = (bundle: Bundle) => ({
  jobId: messageId(bundle.message),
  priority: rankOf(bundle),
  attempts: 1,
  removeOnComplete: true,
  removeOnFail: true,
});

/** In these BullMQ states a message is with a reader or will reach one. */
const presentStates: readonly string[] = ['prioritized', 'waiting', 'active'];
/** How long BullMQ may take to answer a question. */
const answerWithinMs = 1_500;

/** The writing end of the queues, one per pool. */
export class BundleQueue {
  readonly name = 'queue';
  readonly #connection: Redis;
  readonly #logger: Logger;
  readonly #queues = new Map<string, Queue<BundleMessage>>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #stopped = new AbortController();

  constructor(url: string, logger: Logger) {
    this.#connection = connectForQueue({ url, name: 'queue', logger });
    this.#logger = logger;
  }

  async start(): Promise<void> {
    await untilReady(this.#connection, this.#stopped.signal);
  }

  /** BullMQ does not close a connection that was handed to it, so we do. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    if (this.#connection.status === 'ready') await Promise.allSettled(this.#underWay);
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.#connection.disconnect();
  }

  /**
   * Enqueues the bundles that a call of the library handed out. Nobody awaits it: ready marks deliver a lost message
   * again.
   */
  deliver(bundles: readonly Bundle[]): void {
    for (const bundle of bundles) {
      const { message } = bundle;
      const adding = this.#add(bundle)
        .catch((error: unknown) => {
          this.#logger.error({ event: 'queue.add-failed', message, err: error }, 'A message could not be enqueued');
        })
        .finally(() => this.#underWay.delete(adding));
      this.#underWay.add(adding);
    }
  }

  async #add(bundle: Bundle): Promise<void> {
    await this.#queue(bundle.pool).add('bundle', { ids: bundle.ids }, optionsOf(bundle));
  }

  /**
   * How many messages of a pool are before this one, in the order in which readers get them; undefined if it is not
   * waiting any more.
   * @throws Error if Redis does not answer
   */
  async countAhead(pool: string, message: number): Promise<number | undefined> {
    const queue = this.#queue(pool);
    const rank = await this.#answer(this.#connection.zrank(queue.toKey('prioritized'), messageId(message)));
    return rank ?? undefined;
  }

  /**
   * Which of the messages are neither waiting nor with a reader.
   * @throws Error if Redis does not answer
   */
  async listMissing(pool: string, messages: ReadonlySet<number>): Promise<Set<number>> {
    const missing = new Set<number>();
    const queue = this.#queue(pool);
    const look = async (message: number): Promise<void> => {
      const state = await queue.getJobState(messageId(message));
      if (!presentStates.includes(state)) missing.add(message);
    };
    await this.#answer(Promise.all([...messages].map(look)));
    return missing;
  }

  /**
   * Removes messages whose reader was killed. A reader holds a lock from the fetch on; it does not renew it, and gives
   * it back with the message. If the reader was only slow, BullMQ refuses its finish, which does no harm: the ids are
   * claimed once.
   *
   * @returns how many were removed
   * @throws Error if Redis does not answer
   */
  async removeDead(pool: string): Promise<number> {
    return this.#answer(this.#removeDead(this.#queue(pool)));
  }

  async #removeDead(queue: Queue<BundleMessage>): Promise<number> {
    const active = await queue.getRanges(['active']);
    let removed = 0;
    for (const id of active) {
      const key = queue.toKey(id);
      // Both are read in one transaction: a message and its lock go together, so a message that just ended is not taken
      // for dead.
      const seen = (await this.#connection.multi().exists(key).exists(`${key}:lock`).exec()) ?? [];
      if (seen[0]?.[1] === 1 && seen[1]?.[1] === 0) removed += await queue.remove(id);
    }
    return removed;
  }

  /**
   * Removes the queue of a pool with all that is in it. A message that is added meanwhile may go too; its ready marks
   * deliver it again.
   */
  async remove(pool: string): Promise<void> {
    const queue = this.#queue(pool);
    await this.#answer(queue.obliterate({ force: true }));
    this.#queues.delete(pool);
    await queue.close();
  }

  /** The connection keeps commands until Redis is back. A caller must not wait so long (see Leases). */
  #answer<T>(asked: Promise<T>): Promise<T> {
    return within(answerWithinMs, asked, () => {
      throw new Error('The queue does not answer.');
    });
  }

  #queue(pool: string): Queue<BundleMessage> {
    let queue = this.#queues.get(pool);
    if (!queue) {
      queue = new Queue<BundleMessage>(pool, {
        connection: this.#connection,
        prefix: queuePrefix,
        skipVersionCheck: true,
        skipMetasUpdate: true,
      });
      // Without a listener BullMQ writes such errors to stderr. `deliver` reports lost messages.
      queue.on('error', (error) => {
        this.#logger.debug({ event: 'queue.away', error: error.message });
      });
      this.#queues.set(pool, queue);
    }
    return queue;
  }
}

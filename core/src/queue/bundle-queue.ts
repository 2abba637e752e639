import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { priorityBase, rankBase } from '../pipeline/priorities.js';
import { executorKinds, type ExecutorKind } from '../engine/records.js';
import type { Logger } from '../service/logger.js';
import { connectForQueue, untilReady } from '../store/redis/connection.js';
import { queueName, queuePrefix } from '../store/redis/keys.js';
import type { Bundle } from '../store/script/batcher.js';

/** What a message carries: `uid.index.attempt` ids of one executor kind and one priority (see Ready marks). */
export interface BundleMessage {
  ids: string[];
}

/**
 * BullMQ's priority of a message, lower ones first: two for each of ours, the first of them for what came back. What has
 * none would run before all that has one, so every message has one (see Priorities).
 */
const rankOf = ({ priority, cameBack }: Bundle) => rankBase - 2 * (priority + priorityBase) - (cameBack ? 1 : 0);

/** The id of a bundle's message; BullMQ refuses ids that are numbers. */
export const messageId = (message: number): string => `m${String(message)}`;

const optionsOf = (bundle: Bundle) => ({
  jobId: messageId(bundle.message),
  priority: rankOf(bundle),
  attempts: 1,
  removeOnComplete: true,
  removeOnFail: true,
});

/** In these states of BullMQ a message still comes to a reader, or is with one. */
const presentStates: readonly string[] = ['prioritized', 'waiting', 'active'];
/** How long BullMQ may take to answer a question. */
const answerWithinMs = 1_500;

/** The writing end of the queues, one per executor kind. */
export class BundleQueue {
  readonly name = 'queue';
  readonly #connection: Redis;
  readonly #logger: Logger;
  readonly #queues = new Map<ExecutorKind, Queue<BundleMessage>>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #stopped = new AbortController();

  constructor(url: string, logger: Logger) {
    this.#connection = connectForQueue({ url, name: 'queue', logger });
    this.#logger = logger;
  }

  async start(): Promise<void> {
    await untilReady(this.#connection, this.#stopped.signal);
  }

  /** A connection handed to a queue is not closed by it. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    if (this.#connection.status === 'ready') await Promise.allSettled(this.#underWay);
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.#connection.disconnect();
  }

  /**
   * Enqueues what a call of the library handed out. Not awaited by anybody: a message that is lost
   * here leaves ready marks, which are delivered again.
   */
  deliver(bundles: readonly Bundle[]): void {
    for (const bundle of bundles) {
      const { kind, message, ids } = bundle;
      const adding = this.#queue(executorKinds[kind] ?? 'fake')
        .add('bundle', { ids }, optionsOf(bundle))
        .catch((error: unknown) => {
          this.#logger.error({ event: 'queue.add-failed', message, error }, 'A message could not be enqueued');
        })
        .finally(() => this.#underWay.delete(adding));
      this.#underWay.add(adding);
    }
  }

  /**
   * How many messages of a kind come before one, in the order in which readers get them; undefined where it is not
   * waiting any more. @throws Error when Redis does not answer.
   */
  async countAhead(kind: ExecutorKind, message: number): Promise<number | undefined> {
    const queue = this.#queue(kind);
    const rank = await this.#answer(this.#connection.zrank(queue.toKey('prioritized'), messageId(message)));
    return rank ?? undefined;
  }

  /** Which of the messages are neither waiting nor with a reader. @throws Error when Redis does not answer. */
  async listMissing(kind: ExecutorKind, messages: ReadonlySet<number>): Promise<Set<number>> {
    const missing = new Set<number>();
    const queue = this.#queue(kind);
    const look = async (message: number): Promise<void> => {
      const state = await queue.getJobState(messageId(message));
      if (!presentStates.includes(state)) missing.add(message);
    };
    await this.#answer(Promise.all([...messages].map(look)));
    return missing;
  }

  /**
   * Removes messages whose reader was killed: it holds a lock from the fetch, which it does not
   * renew and gives back with the message. One that only was slow is refused when it finishes the
   * message, which does no harm: what it carries is claimed once.
   *
   * @returns how many there were. @throws Error when Redis does not answer.
   */
  async removeDead(kind: ExecutorKind): Promise<number> {
    return this.#answer(this.#removeDead(this.#queue(kind)));
  }

  async #removeDead(queue: Queue<BundleMessage>): Promise<number> {
    const active = await queue.getRanges(['active']);
    let removed = 0;
    for (const id of active) {
      const key = queue.toKey(id);
      // In one look: a message and its lock go together, so that one that just ended is not taken for dead.
      const seen = (await this.#connection.multi().exists(key).exists(`${key}:lock`).exec()) ?? [];
      if (seen[0]?.[1] === 1 && seen[1]?.[1] === 0) removed += await queue.remove(id);
    }
    return removed;
  }

  /** The connection keeps commands until Redis is back: who asks must not wait so long (see Leases). */
  async #answer<T>(asked: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('The queue does not answer.')), answerWithinMs);
    });
    try {
      return await Promise.race([asked, deadline]);
    } finally {
      clearTimeout(timer);
    }
  }

  #queue(kind: ExecutorKind): Queue<BundleMessage> {
    let queue = this.#queues.get(kind);
    if (!queue) {
      queue = new Queue<BundleMessage>(queueName(kind), {
        connection: this.#connection,
        prefix: queuePrefix,
        skipVersionCheck: true,
        skipMetasUpdate: true,
      });
      // Without a listener BullMQ writes such errors to stderr; of a message that is lost `deliver` tells.
      queue.on('error', (error) => {
        this.#logger.debug({ event: 'queue.away', error: error.message });
      });
      this.#queues.set(kind, queue);
    }
    return queue;
  }
}

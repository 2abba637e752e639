import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { executorKinds, type ExecutorKind } from '../model/records.js';
import type { Logger } from '../service/logger.js';
import { connectForQueue, untilReady } from '../store/connection.js';
import { queueName, queuePrefix } from '../store/keys.js';
import type { Bundle } from '../store/batcher.js';

/** What a message carries: `uid.index.attempt` ids of one executor kind and one priority (rule R4). */
export interface BundleMessage {
  ids: string[];
}

/** Jobs without BullMQ priority would run before all with one, so every message has one (rule R20). */
const bullPriority = (priority: number) => 101 - priority;

/** The id of a bundle's message; BullMQ refuses ids that are numbers. */
export const messageId = (message: number): string => `m${String(message)}`;

/** The writing end of the queues, one per executor kind. */
export class BundleQueue {
  readonly name = 'queue';
  readonly #connection: Redis;
  readonly #logger: Logger;
  readonly #queues = new Map<ExecutorKind, Queue<BundleMessage>>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #stopped = new AbortController();

  constructor(url: string, logger: Logger) {
    this.#connection = connectForQueue(url, logger);
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
   * Enqueues what a call of the script handed out. Not awaited by anybody: a message that is lost
   * here leaves ready marks, which are delivered again.
   */
  deliver(bundles: readonly Bundle[]): void {
    for (const { kind, message, ids } of bundles) {
      const adding = this.#queue(executorKinds[kind] ?? 'fake')
        .add('bundle', { ids }, this.#options(message))
        .catch((error: unknown) => {
          this.#logger.error({ event: 'queue.add-failed', message, error }, 'A message could not be enqueued');
        })
        .finally(() => this.#underWay.delete(adding));
      this.#underWay.add(adding);
    }
  }

  #options(message: number) {
    const jobId = messageId(message);
    return { jobId, priority: bullPriority(0), attempts: 1, removeOnComplete: true, removeOnFail: true };
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

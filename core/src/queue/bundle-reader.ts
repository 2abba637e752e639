import { within } from '../async/within.js';
import { Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Part } from '../service/lifecycle.js';
import type { Logger } from '../service/logger.js';
import { connectForQueue, untilReady } from '../store/redis/connection.js';
import { queuePrefix } from '../store/redis/keys.js';
import { translateRedisErrors } from '../store/redis/translate-redis-errors.js';
import type { BundleMessage } from './bundle-queue.js';

export interface BundleReaderOptions {
  url: string;
  pool: string;
  logger: Logger;
  /** Resolves when there is room for at least one more attempt, or when aborted: a full worker fetches nothing. */
  room: (signal: AbortSignal) => Promise<void>;
  /** Takes the ids of a message. The message is finished when this resolves, long before the work is. */
  take: (ids: readonly string[]) => Promise<void>;
}

/** Messages taken at once: the next is fetched while the ids of one are claimed. */
const underWayMax = 2;
/** How long Redis may block a reader that waits for a message. */
const blocksMs = 2_000;
/** The pause after a failed fetch. */
const fetchAgainMs = 200;
/**
 * How long a close may take. BullMQ waits for its connections to end, which never happens for one that is reconnecting.
 * If it still fetches a message, ready marks deliver that again.
 */
const closeWithinMs = 1_000;

/**
 * The reading end of a queue. BullMQ only passes messages on; claims decide which attempts run. So no BullMQ locks are
 * renewed and no stalled jobs are looked for (see Ready marks).
 */
export class BundleReader implements Part {
  readonly name = 'bundle-reader';
  readonly #options: BundleReaderOptions;
  readonly #connection: Redis;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  #worker: Worker<BundleMessage> | undefined;
  #reading: Promise<void> | undefined;

  constructor(options: BundleReaderOptions) {
    this.#options = options;
    this.#connection = connectForQueue({ url: options.url, name: 'reader', logger: options.logger, blocksMs });
  }

  /** BullMQ's worker connects as soon as it is created, so it is created only when Redis is there. */
  async start(): Promise<void> {
    const { pool, logger } = this.#options;
    await untilReady(this.#connection, this.#stopped.signal);
    const worker = new Worker<BundleMessage>(pool, undefined, {
      connection: this.#connection,
      prefix: queuePrefix,
      autorun: false,
      drainDelay: blocksMs / 1000,
      skipStalledCheck: true,
      skipLockRenewal: true,
    });
    worker.on('error', (error) => {
      logger.debug({ event: 'queue.away', error: error.message });
    });
    this.#worker = worker;
    try {
      await translateRedisErrors(() => worker.waitUntilReady());
    } catch (error) {
      // A reader that could not start never will.
      await closeSoon(worker);
      throw error;
    }
    this.#reading = this.#read(worker);
  }

  /** Stops fetching. A message that is being taken is still finished. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const closed = Promise.all([this.#worker && closeSoon(this.#worker), this.#reading]);
    await within(closeWithinMs, closed, () => undefined);
    await Promise.all(this.#underWay);
    this.#connection.disconnect();
  }

  async #read(worker: Worker<BundleMessage>): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#options.room(signal);
      while (this.#underWay.size >= underWayMax) await Promise.race(this.#underWay);
      const message = this.#stopped.signal.aborted ? undefined : await this.#fetch(worker);
      if (!message) continue;
      const taking = this.#take(message).finally(() => this.#underWay.delete(taking));
      this.#underWay.add(taking);
    }
  }

  async #fetch(worker: Worker<BundleMessage>): Promise<Job<BundleMessage> | undefined> {
    try {
      return (await worker.getNextJob(randomUUID(), { block: true })) as Job<BundleMessage> | undefined;
    } catch (error) {
      if (this.#stopped.signal.aborted) return undefined;
      this.#options.logger.warn({ event: 'queue.fetch-failed', err: error }, 'The queue cannot be read; trying again');
      await pause(fetchAgainMs);
      return undefined;
    }
  }

  /** A message that is not finished is delivered again by its ready marks. A second delivery does no harm. */
  async #take(message: Job<BundleMessage>): Promise<void> {
    try {
      await this.#options.take(message.data.ids);
      await message.moveToCompleted(null, message.token ?? '', false);
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      const named = { event: 'queue.take-failed', message: message.id, err: error };
      this.#options.logger.warn(named, 'A message could not be processed to the end');
    }
  }
}

async function closeSoon(worker: Worker): Promise<void> {
  await within(closeWithinMs, worker.close(true), () => undefined);
}

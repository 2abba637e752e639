import { Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutorKind } from '../engine/records.js';
import type { Part } from '../service/lifecycle.js';
import type { Logger } from '../service/logger.js';
import { connectForQueue, untilReady } from '../store/redis/connection.js';
import { queueName, queuePrefix } from '../store/redis/keys.js';
import { translateRedisErrors } from '../store/redis/translate-redis-errors.js';
import type { BundleMessage } from './bundle-queue.js';

export interface BundleReaderOptions {
  url: string;
  kind: ExecutorKind;
  logger: Logger;
  /** Resolves when there is room for at least one more attempt, or when aborted: a full worker does not fetch. */
  room: (signal: AbortSignal) => Promise<void>;
  /** Takes what a message carries; when it resolves the message is finished, long before the work is. */
  take: (ids: readonly string[]) => Promise<void>;
}

/** Messages that are taken at once: while one's ids are claimed the next is fetched. */
const underWayMax = 2;
/** How long Redis may hold back the answer to who waits for a message. */
const blocksMs = 2_000;
/** After a failed fetch. */
const fetchAgainMs = 200;
/**
 * BullMQ waits for the end of its connections, which never comes for one that waits to connect
 * again. A message that it should still fetch is delivered again by its ready marks.
 */
const closeWithinMs = 1_000;

/**
 * The reading end of a queue. BullMQ only hands messages over: which attempts run is decided by
 * claims, so there are no BullMQ locks to renew and no stalled jobs to look for (see Ready marks).
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

  /** BullMQ's worker connects as soon as it is made, so it is made when Redis is there. */
  async start(): Promise<void> {
    const { kind, logger } = this.#options;
    await untilReady(this.#connection, this.#stopped.signal);
    const worker = new Worker<BundleMessage>(queueName(kind), undefined, {
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
      // One that could not begin never can.
      await closeSoon(worker);
      throw error;
    }
    this.#reading = this.#read(worker);
  }

  /** Fetches no more; what is being taken is still finished. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const closed = Promise.all([this.#worker && closeSoon(this.#worker), this.#reading]);
    await Promise.race([closed, pause(closeWithinMs, undefined, { ref: false })]);
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

  /** A message that is not finished is delivered again by its ready marks: twice does no harm. */
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
  await Promise.race([worker.close(true), pause(closeWithinMs, undefined, { ref: false })]);
}

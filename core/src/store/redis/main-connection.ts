import type { Redis } from 'ioredis';
import type { Logger } from '../../service/logger.js';
import { checkServer, checkState } from './check-server.js';
import { connect, untilReady } from './connection.js';
import { translateRedisErrors } from './translate-redis-errors.js';

export interface MainConnectionOptions {
  url: string;
  logger: Logger;
  /** How long Redis may take for a command. */
  commandTimeoutMs?: number;
}

/** How long Redis may take for a command. */
export const usualCommandTimeoutMs = 1_500;
/** How long a service waits for Redis before it logs that. */
const silentWaitMs = 1_000;

/** The connection through which a service reads and writes, to a Redis that was checked. */
export class MainConnection {
  readonly redis: Redis;
  readonly #logger: Logger;

  constructor({ url, logger, commandTimeoutMs = usualCommandTimeoutMs }: MainConnectionOptions) {
    this.redis = connect({ url, name: 'main', logger, commandTimeoutMs });
    this.#logger = logger;
  }

  /**
   * Waits for Redis as long as it takes, and logs that.
   * @returns the random id of this installation
   * @throws StoreUnfit if the server or the state in it cannot be used
   */
  async open(signal: AbortSignal): Promise<{ instance: string }> {
    const waiting = setTimeout(() => {
      this.#logger.warn({ event: 'store.waiting' }, 'Waiting for Redis');
    }, silentWaitMs);
    try {
      await untilReady(this.redis, signal);
      await translateRedisErrors(() => checkServer(this.redis));
      return await translateRedisErrors(() => checkState(this.redis));
    } finally {
      clearTimeout(waiting);
    }
  }

  /** True, or a sentence that says why not. */
  async ping(): Promise<true | string> {
    try {
      await this.redis.ping();
      return true;
    } catch (error) {
      return `Redis does not answer: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}

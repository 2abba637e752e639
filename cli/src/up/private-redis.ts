import { totalmem } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Part } from '@chainr/core/service/lifecycle';
import type { Logger } from '@chainr/core/service/logger';
import { startRedisServer, type RedisServer } from '@chainr/core/service/redis-server';
import { CouldNot } from '../exit-codes.js';
import type { DataFolder } from './data-folder.js';

/** Poll interval: whether the server still runs. */
const pollIntervalMs = 500;
/** The default memory limit is one part in so many of this machine's memory. */
const memoryShare = 4;

/** The Redis server of this data folder. Uses one that still runs, and restarts it if it ends. */
export class PrivateRedis implements Part {
  readonly name = 'redis';
  readonly url: string;
  readonly #folder: DataFolder;
  readonly #memoryBytes: number;
  readonly #logger: Logger;
  readonly #stopped = new AbortController();
  #server: RedisServer | undefined;
  #starting: Promise<RedisServer> | undefined;
  #watching: Promise<void> | undefined;

  /** @param memoryBytes memory limit of Redis; 0: a share of this machine's memory */
  constructor(folder: DataFolder, memoryBytes: number, logger: Logger) {
    this.#folder = folder;
    this.#memoryBytes = memoryBytes || Math.floor(totalmem() / memoryShare);
    this.#logger = logger;
    this.url = `unix:${this.#socketPath}`;
  }

  async start(): Promise<void> {
    try {
      this.#starting = this.#startServer();
      this.#server = await this.#starting;
    } catch (error) {
      throw new CouldNot(error instanceof Error ? error.message : String(error), { cause: error });
    }
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    // A server that is still starting must not be left behind. `start` reports why it could not start.
    await this.#starting?.then(
      (server) => (this.#server ??= server),
      () => undefined,
    );
    await this.#watching;
    await this.#server?.stop();
  }

  get #socketPath(): string {
    return path.join(this.#folder.sockets, 'redis.sock');
  }

  #startServer(): Promise<RedisServer> {
    return startRedisServer({
      folder: this.#folder.redis,
      socketPath: this.#socketPath,
      maxmemory: this.#memoryBytes,
    });
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await pause(pollIntervalMs, undefined, { signal }).catch(() => undefined); // Only an abort ends it early.
      if (this.#stopped.signal.aborted || !this.#server || this.#server.isAlive()) continue;
      this.#logger.error({ event: 'redis.ended', pid: this.#server.pid }, 'Redis exited; starting it again');
      await this.#startServer().then(
        (server) => { this.#server = server; },
        (error: unknown) => { this.#logger.error({ event: 'redis.start-failed', err: error }, 'Redis could not be started'); },
      ); // prettier-ignore
    }
  }
}

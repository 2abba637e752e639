import type { Health } from './health.js';
import type { HttpServer } from './http-server.js';
import { Service, type Part } from './lifecycle.js';
import type { Logger } from './logger.js';

export interface ListeningParts {
  /** In the order of their start. */
  parts: readonly Part[];
  server: HttpServer;
  health: Health;
  /** It answers only probes, and does so until its parts have stopped. Other requests need the parts, and end first. */
  probesOnly?: boolean;
}

/**
 * A service with an HTTP server. It listens from the first moment, so that probes learn that it lives and what it waits
 * for. See `Health.untilStarted`.
 */
export class ListeningService extends Service {
  readonly #server: HttpServer;
  readonly #health: Health;
  readonly #probesOnly: boolean;

  constructor(name: string, logger: Logger, { parts, server, health, probesOnly = false }: ListeningParts) {
    super(name, logger, [server, ...parts]);
    this.#server = server;
    this.#health = health;
    this.#probesOnly = probesOnly;
  }

  /** `http://host:port` or `unix:/path`; empty before the start. */
  get url(): string {
    return this.#server.url;
  }

  override async start(): Promise<void> {
    await super.start();
    if (this.#health.standing === 'starting') this.#health.standing = 'serving';
  }

  override async stop(): Promise<void> {
    this.#health.standing = 'stopping';
    if (!this.#probesOnly) await this.#server.stop();
    await super.stop();
  }
}

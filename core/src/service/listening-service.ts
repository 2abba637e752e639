import type { HttpServer } from './http-server.js';
import { Service, type Part } from './lifecycle.js';
import type { Logger } from './logger.js';

/** A service whose last part is its HTTP server, so requests are accepted only when everything else works. */
export class ListeningService extends Service {
  readonly #server: HttpServer;

  constructor(name: string, logger: Logger, parts: readonly Part[], server: HttpServer) {
    super(name, logger, [...parts, server]);
    this.#server = server;
  }

  /** `http://host:port` or `unix:/path`; empty before the start. */
  get url(): string {
    return this.#server.url;
  }
}

import type { Part } from '../../service/lifecycle.js';
import { connect } from '../redis/connection.js';
import { MainConnection, usualCommandTimeoutMs, type MainConnectionOptions } from '../redis/main-connection.js';
import { EventStream } from './event-stream.js';

/** What a service needs of Redis that only reads events: no transitions, no library, no leases. */
export class EventStore implements Part {
  readonly name = 'store';
  readonly events: EventStream;
  readonly #main: MainConnection;
  readonly #stopped = new AbortController();

  constructor(options: MainConnectionOptions) {
    this.#main = new MainConnection(options);
    this.events = new EventStream(this.#main.redis, (blocksMs) =>
      connect({ commandTimeoutMs: usualCommandTimeoutMs, ...options, name: 'events', blocksMs }),
    );
  }

  /**
   * Waits for Redis as long as it takes, and logs that.
   * @throws StoreUnfit if the server or the state in it cannot be used
   */
  async start(): Promise<void> {
    await this.#main.open(this.#stopped.signal);
  }

  stop(): Promise<void> {
    this.#stopped.abort();
    this.#main.redis.disconnect();
    return Promise.resolve();
  }

  /** True, or a sentence that says why not. */
  ping(): Promise<true | string> {
    return this.#main.ping();
  }
}

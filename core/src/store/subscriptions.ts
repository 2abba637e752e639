import type { Redis } from 'ioredis';

export interface Word {
  /** Resolves at the next message since the last call, after `ms`, or when aborted. */
  next(ms: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Who listens to which channel, on one connection of their own that is made with the first. */
export class Subscriptions {
  readonly #connect: () => Redis;
  readonly #listeners = new Map<string, Set<() => void>>();
  #connection: Redis | undefined;

  constructor(connect: () => Redis) {
    this.#connect = connect;
  }

  /** A channel's messages only say that there is something to read. */
  async listen(channel: string): Promise<Word> {
    let wake: () => void = () => undefined;
    const onMessage = () => {
      wake();
    };
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(onMessage));
    if (listeners.size === 1) await this.#open().subscribe(channel);
    return {
      next: (ms, signal) =>
        new Promise((resolve) => {
          const done = () => {
            clearTimeout(timer);
            signal.removeEventListener('abort', done);
            resolve();
          };
          const timer = setTimeout(done, ms);
          signal.addEventListener('abort', done);
          wake = done;
        }),
      close: async () => {
        wake();
        listeners.delete(onMessage);
        if (listeners.size > 0 || this.#listeners.get(channel) !== listeners) return;
        this.#listeners.delete(channel);
        if (this.#connection?.status === 'ready') await this.#connection.unsubscribe(channel);
      },
    };
  }

  stop(): void {
    this.#connection?.disconnect();
  }

  #open(): Redis {
    if (this.#connection) return this.#connection;
    this.#connection = this.#connect();
    this.#connection.on('message', (channel: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener();
    });
    return this.#connection;
  }
}

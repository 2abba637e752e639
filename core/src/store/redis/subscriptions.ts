import type { Redis } from 'ioredis';

export interface Subscription {
  /** Resolves at the next message since the last call, after `ms`, or when aborted. */
  next(ms: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface Channel {
  listeners: Set<() => void>;
  subscribed: Promise<unknown>;
}

/** Who listens to which channel, on one connection of their own that is made with the first. */
export class Subscriptions {
  readonly #connect: () => Redis;
  readonly #channels = new Map<string, Channel>();
  #connection: Redis | undefined;

  constructor(connect: () => Redis) {
    this.#connect = connect;
  }

  /** A channel's messages only say that there is something to read. */
  async listen(channel: string): Promise<Subscription> {
    let wake: () => void = () => undefined;
    const onMessage = () => {
      wake();
    };
    const known = this.#channels.get(channel);
    const { listeners, subscribed } = known ?? { listeners: new Set(), subscribed: this.#open().subscribe(channel) };
    this.#channels.set(channel, { listeners: listeners.add(onMessage), subscribed });
    try {
      await subscribed;
    } catch (error) {
      // Who comes next asks anew.
      if (this.#channels.get(channel)?.listeners === listeners) this.#channels.delete(channel);
      throw error;
    }
    return {
      next: (ms, signal) =>
        new Promise((resolve) => {
          wake(); // Of the last wait nothing stays behind.
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
        if (listeners.size > 0 || this.#channels.get(channel)?.listeners !== listeners) return;
        this.#channels.delete(channel);
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
      for (const listener of this.#channels.get(channel)?.listeners ?? []) listener();
    });
    // What was said while the connection was gone was said to nobody.
    this.#connection.on('ready', () => {
      for (const { listeners } of this.#channels.values()) for (const listener of listeners) listener();
    });
    return this.#connection;
  }
}

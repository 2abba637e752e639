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

/** The listeners of each channel. They share one connection, which is opened with the first. */
export class Subscriptions {
  readonly #connect: () => Redis;
  readonly #channels = new Map<string, Channel>();
  #connection: Redis | undefined;

  constructor(connect: () => Redis) {
    this.#connect = connect;
  }

  /** A message on a channel only says that there is something to read. */
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
      // After a failure the next listener subscribes anew.
      if (this.#channels.get(channel)?.listeners === listeners) this.#channels.delete(channel);
      throw error;
    }
    return {
      next: (ms, signal) =>
        new Promise((resolve) => {
          wake(); // Clears the timer and the abort listener of the last wait.
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
    // Messages sent while the connection was down are lost, so every listener is woken.
    this.#connection.on('ready', () => {
      for (const { listeners } of this.#channels.values()) for (const listener of listeners) listener();
    });
    return this.#connection;
  }
}

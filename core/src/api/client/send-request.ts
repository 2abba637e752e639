import { ConnectionError, readRequestError } from './request-error.js';
import { defaultRetryPolicy, isPassing, pausesOf, type RequestRetryPolicy } from '../contract/retry-policy.js';
import { pause } from './pause.js';
import { routePath, type ParamsOf, type QueryOf, type Route } from '../contract/route.js';
import type { Fetch } from './socket-fetch.js';

export interface ClientOptions {
  /** Such as `http://127.0.0.1:8080`. */
  baseUrl: string;
  /** What errors call the server; `baseUrl` unless given. */
  address?: string;
  /** Sent as a bearer token. */
  token?: string;
  /** The global `fetch` unless given; `socketFetch` reaches a unix socket. */
  fetch?: Fetch;
  retry?: RequestRetryPolicy;
}

/** What goes with a request beside its address. */
export interface Sending<R extends Route> {
  params: ParamsOf<R>;
  query?: Partial<QueryOf<R>>;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

/** Hears what keeps a server from answering, and undefined when it answers again. */
export type AwayListener = (why: Error | undefined) => void;

/** Sends requests to one server, each safe to send twice, and again when a failure may pass. */
export class RequestSender {
  readonly #options: ClientOptions;
  #answered = false;
  #isAway = false;
  /** Called when a try has failed that is made again, and when the server has answered after that. */
  onAway: AwayListener = () => undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get address(): string {
    return this.#options.address ?? this.#options.baseUrl;
  }

  get retry(): RequestRetryPolicy {
    return this.#options.retry ?? defaultRetryPolicy;
  }

  /**
   * Sends until there is an answer, and reads it. A server that refuses the connection and has
   * never answered is probably not there at all: that is said at once.
   *
   * @throws RequestError the server's answer; ConnectionError; the signal's reason
   */
  async send<R extends Route, T>(
    route: R,
    sending: Sending<R>,
    read: (response: Response) => Promise<T> | T,
  ): Promise<T> {
    const pauses = pausesOf(this.retry);
    for (;;) {
      try {
        return await this.#sendOnce(route, sending, read);
      } catch (error) {
        sending.signal?.throwIfAborted();
        const neverThere = error instanceof ConnectionError && error.refused && !this.#answered;
        if (!isPassing(error) || neverThere) throw error;
        const next = pauses.next();
        if (next.done) throw error;
        this.#setAway(error);
        const asked = error instanceof ConnectionError ? undefined : error.retryAfterMs;
        await pause(Math.max(next.value, Math.min(asked ?? 0, this.retry.maxPauseMs)), sending.signal);
      }
    }
  }

  async #sendOnce<R extends Route, T>(
    route: R,
    sending: Sending<R>,
    read: (response: Response) => Promise<T> | T,
  ): Promise<T> {
    const { token, fetch: send = fetch } = this.#options;
    const url = new URL(this.#options.baseUrl);
    url.pathname = routePath(route, sending.params);
    for (const [name, value] of Object.entries(sending.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const init = {
      method: route.method,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        // Gate demands a type of what changes something, with a body or without (`check-content-type.ts`).
        ...(route.method === 'POST' ? { 'Content-Type': 'application/json' } : {}),
        ...sending.headers,
      },
      ...(sending.body === undefined ? {} : { body: sending.body }),
      ...(sending.signal ? { signal: sending.signal } : {}),
    };
    const response = await this.#connected(() => send(url.href, init), sending.signal);
    this.#answered = true;
    if (response.status !== 503) this.#setAway(undefined);
    if (!response.ok) throw await this.#connected(() => readRequestError(response), sending.signal);
    return this.#connected(() => read(response), sending.signal);
  }

  #setAway(why: Error | undefined): void {
    if (this.#isAway === (why !== undefined)) return;
    this.#isAway = why !== undefined;
    this.onAway(why);
  }

  /** @throws ConnectionError for whatever breaks; the signal's reason */
  async #connected<T>(work: () => Promise<T> | T, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw new ConnectionError(this.address, error);
    }
  }
}

import { ConnectionError, readRequestError } from './request-error.js';
import { defaultRetryPolicy, isPassing, pausesOf, type RequestRetryPolicy } from '../contract/retry-policy.js';
import { pause } from './pause.js';
import { routePath, type ParamsOf, type QueryOf, type Route } from '../contract/route.js';
import type { Fetch } from './socket-fetch.js';

export interface ClientOptions {
  /** Such as `http://127.0.0.1:8080`. */
  baseUrl: string;
  /** The server's name in errors. Defaults to `baseUrl`. */
  address?: string;
  /** Sent as a bearer token. */
  token?: string;
  /** Defaults to the global `fetch`. `socketFetch` reaches a unix socket. */
  fetch?: Fetch;
  retry?: RequestRetryPolicy;
}

/** The parts of a request beside its address. */
export interface Sending<R extends Route> {
  params: ParamsOf<R>;
  query?: Partial<QueryOf<R>>;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

/** Called with the error while the server does not answer, and with undefined when it answers again. */
export type AwayListener = (why: Error | undefined) => void;

/** Sends requests to one server and retries failures that may pass. Every request must be safe to send twice. */
export class RequestSender {
  readonly #options: ClientOptions;
  #answered = false;
  #isAway = false;
  /** Called when a try failed and will be repeated, and when the server answers after that. */
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
   * Sends until there is an answer, and reads it. If the server refuses the connection and has never answered, it is
   * probably not running: the call fails at once.
   *
   * @throws RequestError if the server answered with an error; ConnectionError; the signal's reason
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
        // Gate requires a content type on every request that changes something, with or without a body
        // (`check-content-type.ts`).
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

  /** @throws ConnectionError for any failure; the signal's reason */
  async #connected<T>(work: () => Promise<T> | T, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw new ConnectionError(this.address, error);
    }
  }
}

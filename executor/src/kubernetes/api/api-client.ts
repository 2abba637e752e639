import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { within } from '@chainr/core/async/within';
import { ApiError, errorOf, noAnswer, statusOf } from './api-error.js';
import type { Access, Credentials, Tls } from './credentials.js';
import { Pace } from './pace.js';

/** How many requests of one process are in flight at most, and as many that open a log; open streams are not counted. */
const mostInFlight = 32;
/** An API server that works answers within this time, however busy it is (its own limit is 60 s). */
const usualAnswerMs = 65_000;
/**
 * The API server refuses larger bodies (`MaxRequestBodyBytes`), and closes the connection before it has read them, so that
 * its answer may be lost.
 */
const mostSentBytes = 3 * 1024 * 1024;
/** Larger answers come only from lists, which are read in pages. */
const mostBytes = 64 * 1024 * 1024;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Each has connections of its own: requests with a short answer, parts of logs, answers that go on. */
type Kind = 'calls' | 'texts' | 'streams';

export interface CallOptions {
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  /** The kind of a patch: https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply */
  contentType?: string;
  signal?: AbortSignal;
  /** Called right before the request is sent, which may be long after the call; what it throws prevents that. */
  guard?: () => void;
}

/**
 * A thin client of the Kubernetes API: connections are kept and shared, and each request costs a third of the CPU time
 * that the generated client needs (ADR 29). Paths are those of the API reference.
 */
export class ApiClient {
  readonly #credentials: Credentials;
  readonly #pace = new Pace(mostInFlight);
  /** The API server asks a kubelet for a log, which may hang: no other request waits for that. */
  readonly #logPace = new Pace(mostInFlight);
  readonly #secure: typeof https | typeof http;
  #agents: ({ tls: Tls } & Record<Kind, http.Agent>) | undefined;
  /** How long an answer, or the next part of one, is waited for. A request that was sent earlier is carried out or lost. */
  readonly answerMs: number;

  constructor(credentials: Credentials, { answerMs = usualAnswerMs }: { answerMs?: number } = {}) {
    this.#credentials = credentials;
    this.answerMs = answerMs;
    this.#secure = credentials.server.protocol === 'http:' ? http : https;
  }

  /**
   * Sends a request and reads the JSON answer.
   * @throws ApiError for a refusal, NoAnswer, or the error of the guard
   */
  call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    return this.#pace.run(async () => {
      const response = await this.#send(method, path, options, 'calls');
      return JSON.parse(await textOf(response, options.signal)) as T;
    }, options.signal);
  }

  /**
   * The text of a short part of a log.
   * @throws as `call`
   */
  text(path: string, query: Query): Promise<string> {
    return this.#logPace.run(async () => textOf(await this.#send('GET', path, { query }, 'texts'), undefined));
  }

  /**
   * Opens a watch. Destroy it to leave it.
   * @throws ApiError for a refusal, NoAnswer
   */
  open(path: string, query: Query, signal: AbortSignal): Promise<IncomingMessage> {
    return this.#pace.run(() => this.#send('GET', path, { query, signal }, 'streams'), signal);
  }

  /**
   * Opens a log. Destroy it to leave it.
   * @throws as `open`
   */
  openLog(path: string, query: Query, signal: AbortSignal): Promise<IncomingMessage> {
    return this.#logPace.run(() => this.#send('GET', path, { query, signal }, 'streams'), signal);
  }

  close(): void {
    this.#agents?.calls.destroy();
    this.#agents?.texts.destroy();
    this.#agents?.streams.destroy();
    this.#agents = undefined;
  }

  /** Tries once more after 401: the token may have been replaced. */
  async #send(method: string, path: string, options: CallOptions, kind: Kind): Promise<IncomingMessage> {
    try {
      return await this.#sendOnce(method, path, options, kind);
    } catch (error) {
      if (statusOf(error) !== 401) throw error;
      this.#credentials.forget();
      return await this.#sendOnce(method, path, options, kind);
    }
  }

  async #sendOnce(
    method: string,
    path: string,
    { query = {}, body, contentType = 'application/json', signal, guard }: CallOptions,
    kind: Kind,
  ): Promise<IncomingMessage> {
    const access = await this.#credentials.access();
    const url = new URL(this.#credentials.server);
    url.pathname = url.pathname.replace(/\/$/, '') + path;
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    if (payload && payload.length > mostSentBytes) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${String(mostSentBytes)}`);
    }
    const headers = {
      accept: 'application/json',
      'user-agent': 'chainr',
      ...access.headers,
      ...(payload !== undefined && { 'content-type': contentType, 'content-length': payload.length }),
    };
    guard?.();
    const request = this.#secure.request(url, {
      method,
      headers,
      agent: this.#agentOf(access, kind),
      ...(signal && { signal }),
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.on('response', resolve);
      request.on('error', (error) => {
        reject(signal?.aborted ? error : noAnswer(error));
      });
    });
    request.end(payload);
    const response = await within(this.answerMs, answered, () => {
      const error = noAnswer(`nothing came for ${String(this.answerMs / 1000)} s`);
      request.destroy(error);
      throw error;
    });
    const { statusCode = 0 } = response;
    // A stream may be silent for long; whoever reads it knows for how long.
    if (statusCode >= 400 || kind !== 'streams') response.setTimeout(this.answerMs, () => response.destroy(noAnswer('its answer stopped'))); // prettier-ignore
    if (statusCode < 400) return response;
    throw errorOf(statusCode, await textOf(response, signal), response.headers['retry-after']);
  }

  #agentOf({ tls }: Access, kind: Kind): http.Agent {
    if (tls.agent) return tls.agent;
    if (this.#agents?.tls !== tls) {
      // Requests in flight keep the connections that they have.
      const make = (maxSockets: number): http.Agent => {
        const options = { keepAlive: true, keepAliveMsecs: 15_000, maxSockets };
        return this.#secure === http ? new http.Agent(options) : new https.Agent({ ...options, ...tls });
      };
      this.#agents = { tls, calls: make(mostInFlight), texts: make(mostInFlight), streams: make(Infinity) };
    }
    return this.#agents[kind];
  }
}

/** @throws NoAnswer if the answer ends early, an error if it is longer than any that is asked for */
async function textOf(response: IncomingMessage, signal: AbortSignal | undefined): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of response) {
      bytes += (part as Buffer).length;
      if (bytes > mostBytes) break;
      parts.push(part as Buffer);
    }
  } catch (error) {
    throw signal?.aborted ? error : noAnswer(error);
  }
  if (bytes > mostBytes) throw new Error(`an answer of the API server is longer than ${String(mostBytes)} bytes`);
  return Buffer.concat(parts).toString('utf8');
}

import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import https from 'node:https';
import { within } from '@chainr/core/async/within';
import { ApiError, errorOf, noAnswer, statusOf } from './api-error.js';
import type { Access, Credentials, Tls } from './credentials.js';
import { LogConnections } from './log-connections.js';
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

/** Each has connections of its own: requests with a short answer, parts of logs, watches, and logs that go on. */
type Kind = 'calls' | 'texts' | 'watches' | 'logs';

/** The body of an answer, over HTTP/1.1 or HTTP/2. */
export type AnswerStream = IncomingMessage | ClientHttp2Stream;

interface Answer {
  status: number;
  retryAfter: string | undefined;
  body: AnswerStream;
}

/** What requests to the same server with the same certificates share. */
interface Connections {
  tls: Tls;
  agents: Record<Kind, http.Agent>;
  logs: LogConnections;
}

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
  #connections: Connections | undefined;
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
      const answer = await this.#send(method, path, options, 'calls');
      return JSON.parse(await textOf(answer, options.signal)) as T;
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
  open(path: string, query: Query, signal: AbortSignal): Promise<AnswerStream> {
    return this.#pace.run(() => this.#send('GET', path, { query, signal }, 'watches'), signal);
  }

  /**
   * Opens a log. Destroy it to leave it.
   * @throws as `open`
   */
  openLog(path: string, query: Query, signal: AbortSignal): Promise<AnswerStream> {
    return this.#logPace.run(() => this.#send('GET', path, { query, signal }, 'logs'), signal);
  }

  close(): void {
    for (const agent of Object.values(this.#connections?.agents ?? {})) agent.destroy();
    this.#connections?.logs.close();
    this.#connections = undefined;
  }

  /** Tries once more after 401: the token may have been replaced. */
  async #send(method: string, path: string, options: CallOptions, kind: Kind): Promise<AnswerStream> {
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
  ): Promise<AnswerStream> {
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
      ...(payload !== undefined && { 'content-type': contentType }),
    };
    const { agents, logs } = this.#connectionsFor(access);
    const isShared = kind === 'logs' && this.#secure === https && !access.tls.agent;
    const stream = isShared ? await logs.request(url.pathname + url.search, headers, signal) : undefined;
    guard?.();
    const request =
      stream ??
      this.#secure.request(url, {
        method,
        headers: { ...headers, ...(payload && { 'content-length': payload.length }) },
        agent: access.tls.agent ?? agents[kind],
        ...(signal && { signal }),
      });
    const answered = answerTo(request, signal);
    if (!stream) request.end(payload);
    const {
      status,
      retryAfter,
      body: answer,
    } = await within(this.answerMs, answered, () => {
      const error = noAnswer(`nothing came for ${String(this.answerMs / 1000)} s`);
      request.destroy(error);
      throw error;
    });
    // A stream may be silent for long; whoever reads it knows for how long.
    const goesOn = status < 400 && (kind === 'watches' || kind === 'logs');
    if (!goesOn) answer.setTimeout(this.answerMs, () => answer.destroy(noAnswer('its answer stopped')));
    if (status < 400) return answer;
    throw errorOf(status, await textOf(answer, signal), retryAfter);
  }

  #connectionsFor({ tls }: Access): Connections {
    if (this.#connections?.tls !== tls) {
      // Requests in flight keep the connections that they have.
      this.#connections?.logs.retire();
      const make = (maxSockets: number): http.Agent => {
        const options = { keepAlive: true, keepAliveMsecs: 15_000, maxSockets };
        return this.#secure === http ? new http.Agent(options) : new https.Agent({ ...options, ...tls });
      };
      const agents = {
        calls: make(mostInFlight),
        texts: make(mostInFlight),
        watches: make(Infinity),
        logs: make(Infinity),
      };
      this.#connections = { tls, agents, logs: new LogConnections(this.#credentials.server, tls, this.answerMs) };
    }
    return this.#connections;
  }
}

/** @throws the error of the signal if that has ended the request, else NoAnswer */
function answerTo(request: ClientRequest | ClientHttp2Stream, signal: AbortSignal | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.on('error', (error: Error) => {
      reject(signal?.aborted ? error : noAnswer(error));
    });
    request.on('close', () => {
      reject(noAnswer('the connection was closed'));
    });
    request.on('response', (given: IncomingMessage | (IncomingHttpHeaders & IncomingHttpStatusHeader)) => {
      if (isMessage(given)) {
        const { statusCode = 0, headers } = given;
        resolve({ status: statusCode, retryAfter: headers['retry-after'], body: given });
      } else {
        resolve({
          status: given[':status'] ?? 0,
          retryAfter: given['retry-after'],
          body: request as ClientHttp2Stream,
        });
      }
    });
  });
}

const isMessage = (given: IncomingMessage | IncomingHttpHeaders): given is IncomingMessage => 'statusCode' in given;

/** @throws NoAnswer if the answer ends early, an error if it is longer than any that is asked for */
async function textOf(answer: AnswerStream, signal: AbortSignal | undefined): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of answer) {
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

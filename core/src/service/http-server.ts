import { once } from 'node:events';
import http from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { formatAddress, type Address } from './address.js';
import { answerClientError } from './answer-client-error.js';
import type { Part } from './lifecycle.js';
import { listenError, removeDeadSocket } from './listen-errors.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';
import { bindServerSignal } from './response-signal.js';

/** Connections that wait to be taken in; the system may allow fewer (`net.core.somaxconn`). Node's default is 511. */
const backlogMax = 4_096;

/** On a connection on which nothing comes for so long TCP asks whether its client is there: it may follow a silent log. */
const keepAliveDelayMs = 15_000;

/** Of connections that are closed at once one line is logged in this time. */
const dropLogPauseMs = 10_000;

/** How long open answers may take to end after a stop before they are cut. */
const usualStopDeadlineMs = 5_000;

type ServerLimits = Readonly<
  Record<'headersTimeout' | 'requestTimeout' | 'maxHeaderSize' | 'keepAliveTimeout', number>
> &
  Readonly<Pick<http.ServerOptions, 'connectionsCheckingInterval'>>;

/**
 * What is behind gate is laxer than gate (`gate/src/limits.ts`), so that it is gate that refuses, in its own words.
 * Times in milliseconds, sizes in bytes.
 */
const limitsBehindGate: ServerLimits = {
  headersTimeout: 60_000,
  requestTimeout: 600_000,
  maxHeaderSize: 32 * 1024,
  /** Gate closes an idle connection first: a request on one that is being closed would be lost. */
  keepAliveTimeout: 60_000,
};

export interface HttpServerOptions {
  /** Where answers are counted. */
  metrics?: Metrics;
  /** The setting that a sentence about a taken port names. */
  setting?: string;
  /** How long open responses may take to end after a stop before they are cut. */
  stopDeadlineMs?: number;
  /** Limits against slow or greedy clients, as `http.createServer` takes them; those of a service behind gate if left out. */
  limits?: ServerLimits;
  /** Called for each connection that is taken in. */
  onConnection?: (socket: Socket) => void;
  /** How many connections there may be at once; further ones are closed without an answer, with a line in the log. */
  connectionsMax?: number;
}

/**
 * An HTTP server with a lifetime. `stop` accepts nothing more, closes idle connections, aborts the
 * signal of every streaming response (see `responseSignal`), lets the others end, and cuts what is
 * left after a deadline.
 */
export class HttpServer implements Part {
  readonly name: string;
  readonly #server: http.Server;
  readonly #address: Address;
  readonly #logger: Logger;
  readonly #setting: string;
  readonly #stopDeadlineMs: number;
  readonly #stopping = new AbortController();
  readonly #silent = new Set<Socket>();
  /** The latest answer on each connection. */
  readonly #latest = new WeakMap<Duplex, http.ServerResponse>();
  #url = '';

  constructor(
    name: string,
    handler: http.RequestListener,
    address: Address,
    logger: Logger,
    options: HttpServerOptions = {},
  ) {
    this.name = name;
    this.#address = address;
    this.#logger = logger;
    this.#setting = options.setting ?? 'CHAINR_LISTEN';
    this.#stopDeadlineMs = options.stopDeadlineMs ?? usualStopDeadlineMs;
    const limits = options.limits ?? limitsBehindGate;
    const serverOptions = { ...limits, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs };
    this.#server = http.createServer(serverOptions, (request, response) => {
      this.#silent.delete(request.socket);
      this.#latest.set(request.socket, response);
      bindServerSignal(response, this.#stopping.signal);
      response.once('close', () => {
        if (response.headersSent) options.metrics?.countAnswer(response.statusCode);
        this.#closeIfStopping();
      });
      if (this.#stopping.signal.aborted) response.setHeader('Connection', 'close');
      handler(request, response);
    });
    // Node would drop what is beyond a count of headers without a word; their size is limited all the same.
    this.#server.maxHeadersCount = 0;
    this.#server.on('connection', (socket: Socket) => {
      this.#silent.add(socket);
      socket.once('close', () => this.#silent.delete(socket));
      options.onConnection?.(socket);
    });
    this.#limitConnections(options.connectionsMax);
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const latest = this.#latest.get(socket);
      // In the middle of an answer another one would be taken for a part of it.
      if (latest?.headersSent && !latest.writableFinished) socket.destroy();
      else answerClientError(error, socket, limits.maxHeaderSize);
    });
  }

  /** `http://host:port` with the real port, or `unix:/path`; empty before the start. */
  get url(): string {
    return this.#url;
  }

  /** @throws Error of one sentence that names the address and the mend */
  async start(): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      throw listenError(this.#address, this.#setting, error as NodeJS.ErrnoException);
    }
    const bound = this.#server.address();
    const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
    this.#url = formatAddress('socketPath' in this.#address ? this.#address : { host: this.#address.host, port });
    this.#logger.info({ url: this.#url }, 'listening');
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    // Browsers and `fetch` connect ahead of need, and Node does not count as idle what never sent a request.
    for (const socket of this.#silent) if (socket.bytesRead === 0) socket.destroy();
    const deadline = setTimeout(() => this.#server.closeAllConnections(), this.#stopDeadlineMs);
    await closed;
    clearTimeout(deadline);
  }

  #limitConnections(max: number | undefined): void {
    if (max === undefined) return;
    this.#server.maxConnections = max;
    let loggedAt = Number.NEGATIVE_INFINITY;
    this.#server.on('drop', () => {
      if (performance.now() - loggedAt < dropLogPauseMs) return;
      loggedAt = performance.now();
      this.#logger.warn(
        { max },
        'too many connections: further ones are closed; a higher limit of open files allows more',
      );
    });
  }

  async #listen(): Promise<void> {
    try {
      await this.#listenOnce();
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!taken || !('socketPath' in this.#address) || !(await removeDeadSocket(this.#address.socketPath)))
        throw error;
      await this.#listenOnce();
    }
  }

  async #listenOnce(): Promise<void> {
    const listening = once(this.#server, 'listening');
    const where = 'socketPath' in this.#address ? { path: this.#address.socketPath } : this.#address;
    this.#server.listen({ ...where, backlog: backlogMax });
    await listening;
  }

  /** A kept-alive connection becomes idle only after its response has closed. */
  #closeIfStopping(): void {
    if (this.#stopping.signal.aborted) setImmediate(() => this.#server.closeIdleConnections());
  }
}

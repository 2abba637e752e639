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

/** Connections that wait to be accepted; the system may allow fewer (`net.core.somaxconn`). Node's default is 511. */
const backlogMax = 4_096;

/** After this silence TCP probes whether the client is still there: it may be following a silent log. */
const keepAliveDelayMs = 15_000;

/** At most one line is logged in this time about connections that are closed at once. */
const dropLogPauseMs = 10_000;

/** How long open answers may take to end after a stop before they are cut. */
const usualStopDeadlineMs = 5_000;

type ServerLimits = Readonly<
  Record<'headersTimeout' | 'requestTimeout' | 'maxHeaderSize' | 'keepAliveTimeout', number>
> &
  Readonly<Pick<http.ServerOptions, 'connectionsCheckingInterval'>>;

/**
 * The limits of services behind gate. They are laxer than gate's (`gate/src/limits.ts`), so that gate refuses first, in
 * its own words. Times in milliseconds, sizes in bytes.
 */
const limitsBehindGate: ServerLimits = {
  headersTimeout: 60_000,
  requestTimeout: 600_000,
  maxHeaderSize: 32 * 1024,
  /**
   * Longer than gate's: a request on a connection that is being closed would be lost, so gate closes idle ones first.
   */
  keepAliveTimeout: 60_000,
};

export interface HttpServerOptions {
  /** Counts answers. */
  metrics?: Metrics;
  /** The setting to name in the error when a port is taken. */
  setting?: string;
  /** How long open responses may take to end after a stop before they are cut. */
  stopDeadlineMs?: number;
  /**
   * Limits against slow or greedy clients, as `http.createServer` takes them. Defaults to those of a service behind
   * gate.
   */
  limits?: ServerLimits;
  /** Called for each accepted connection. */
  onConnection?: (socket: Socket) => void;
  /** The most connections at once. Further ones are closed without an answer, and logged. */
  connectionsMax?: number;
}

/**
 * An HTTP server with a lifetime. `stop` accepts nothing more, closes idle connections, aborts the signal of every
 * streaming response (see `responseSignal`), lets the others end, and cuts the rest after a deadline.
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
  /** The last response on each connection. */
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
    // Node silently drops headers beyond a count. Their total size is limited anyway.
    this.#server.maxHeadersCount = 0;
    this.#server.on('connection', (socket: Socket) => {
      this.#silent.add(socket);
      socket.once('close', () => this.#silent.delete(socket));
      options.onConnection?.(socket);
    });
    this.#limitConnections(options.connectionsMax);
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const latest = this.#latest.get(socket);
      // In the middle of an answer, an error answer would be read as part of it.
      if (latest?.headersSent && !latest.writableFinished) socket.destroy();
      else answerClientError(error, socket, limits.maxHeaderSize);
    });
  }

  /** `http://host:port` with the actual port, or `unix:/path`; empty before the start. */
  get url(): string {
    return this.#url;
  }

  /** @throws Error with one sentence that names the address and the fix */
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
    // Browsers and `fetch` connect ahead of need, and Node does not count a connection without any request as idle.
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
        'too many connections: further ones are closed; raise the limit of open files to allow more',
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

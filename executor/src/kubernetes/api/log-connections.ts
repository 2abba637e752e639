import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { isIP } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { within } from '@chainr/core/async/within';
import { noAnswer } from './api-error.js';
import type { Tls } from './credentials.js';

/** Servers should allow at least as many: https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2 */
const mostStreams = 100;
/** A connection without a log is kept for this long. */
const idleMs = 60_000;
/** How long a connection may be silent before TCP asks whether the other side is still there. */
const keepAliveMs = 15_000;

/**
 * Connections over HTTP/2 that logs share, a hundred each. A TLS connection for each log would cost a worker with 500
 * pods 35 MB (ADR 29).
 */
export class LogConnections {
  readonly #server: URL;
  readonly #tls: Tls;
  readonly #answerMs: number;
  /** With the number of its open logs. */
  readonly #sessions = new Map<ClientHttp2Session, number>();
  #connecting: Promise<void> | undefined;
  #hasHttp2 = true;

  /** @param answerMs how long the server may take to accept a connection */
  constructor(server: URL, tls: Tls, answerMs: number) {
    this.#server = server;
    this.#tls = tls;
    this.#answerMs = answerMs;
  }

  /**
   * Sends a request. Destroy the stream to leave it.
   * @param path with its query
   * @returns undefined if the server, or a proxy before it, speaks only HTTP/1.1
   * @throws NoAnswer if there is no connection
   */
  async request(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<ClientHttp2Stream | undefined> {
    while (this.#hasHttp2) {
      const [session, streams] = this.#withRoom() ?? [];
      if (!session) {
        await (this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined)));
        continue;
      }
      const stream = session.request({ ':path': path, ...headers }, { endStream: true, ...(signal && { signal }) });
      this.#sessions.set(session, (streams ?? 0) + 1);
      stream.once('close', () => {
        const open = this.#sessions.get(session);
        if (open !== undefined) this.#sessions.set(session, open - 1);
      });
      return stream;
    }
    return undefined;
  }

  /** Gives no connection to another log; those that are open go on. */
  retire(): void {
    for (const session of this.#sessions.keys()) session.close();
    this.#sessions.clear();
  }

  /** Ends all logs. */
  close(): void {
    this.#hasHttp2 = false;
    for (const session of this.#sessions.keys()) session.destroy();
    this.#sessions.clear();
  }

  /** A server that shuts down lets open logs go on and takes no more: such a session is closed to others. */
  #withRoom(): [ClientHttp2Session, number] | undefined {
    return [...this.#sessions].find(
      ([{ closed, destroyed }, streams]) => !closed && !destroyed && streams < mostStreams,
    );
  }

  async #connect(): Promise<void> {
    const socket = await this.#reach();
    if (!this.#hasHttp2 || socket.alpnProtocol !== 'h2') {
      this.#hasHttp2 = false;
      socket.destroy();
      return;
    }
    const session = http2.connect(this.#server, { createConnection: () => socket, settings: { enablePush: false } });
    this.#sessions.set(session, 0);
    // Each stream has the error too, and whoever reads it reports it.
    session.on('error', () => undefined);
    session.on('close', () => this.#sessions.delete(session));
    session.setTimeout(idleMs, () => {
      if (this.#sessions.get(session) === 0) session.close();
    });
  }

  async #reach(): Promise<TLSSocket> {
    const host = this.#server.hostname.replace(/^\[|\]$/g, '');
    const socket = tls.connect({
      host,
      port: Number(this.#server.port) || 443,
      servername: isIP(host) === 0 ? host : '',
      ALPNProtocols: ['h2', 'http/1.1'],
      ...this.#tls,
    });
    const secured = new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.on('error', (error) => {
        reject(noAnswer(error));
      });
      socket.once('close', () => {
        reject(noAnswer('the connection was closed'));
      });
    });
    await within(this.#answerMs, secured, () => {
      socket.destroy();
      throw noAnswer(`no connection for ${String(this.#answerMs / 1000)} s`);
    });
    socket.setKeepAlive(true, keepAliveMs);
    return socket;
  }
}

import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { authorize, type Tokens } from './authorize.js';
import { parseApiRequest, type ApiRequest } from './api-request.js';
import { discover } from './discovery.js';
import type { Faults } from './faults.js';
import type { Certificate } from './make-certificate.js';
import { ApiError } from './status.js';

/** Answers a request for a resource; what it returns is sent as JSON, unless it has written the answer itself. */
export type Handler = (request: ApiRequest, response: ServerResponse) => Promise<Answer | undefined>;

export interface Answer {
  code: number;
  /** An object, or JSON. */
  body: unknown;
}

export interface ApiServer {
  readonly port: number;
  /** Ends all connections and refuses new ones. */
  stop: () => Promise<void>;
  /** Listens again, on the same port. */
  start: () => Promise<void>;
}

/** The HTTP side of the API server: who asks, what for, and whether a test wants the answer to be another one. */
export async function startApiServer(
  tokens: Tokens,
  faults: Faults,
  handle: Handler,
  certificate: Certificate | undefined,
): Promise<ApiServer> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  const start = async (): Promise<void> => {
    const starting = createServer(certificate, (message, response) => {
      answer(message, response, tokens, faults, handle).catch((error: unknown) => refuse(response, error));
    });
    starting.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      starting.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    server = starting;
    ({ port } = starting.address() as AddressInfo);
  };
  await start();
  return {
    get port() {
      return port;
    },
    start,
    stop: async () => {
      const closed = new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** With a certificate it speaks TLS, and HTTP/2 to clients that want it. */
function createServer(certificate: Certificate | undefined, listener: RequestListener): Server {
  if (!certificate) return http.createServer({ keepAliveTimeout: 120_000 }, listener);
  const server = http2.createSecureServer({ ...certificate, allowHTTP1: true });
  // What handlers use of requests and answers is the same in both versions.
  return server.on('request', listener as unknown as Parameters<typeof server.on>[1]);
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  tokens: Tokens,
  faults: Faults,
  handle: Handler,
): Promise<void> {
  const url = new URL(message.url ?? '/', 'http://stand-in');
  const user = tokens.userOf(message.headers.authorization);
  if (['/healthz', '/readyz', '/livez'].includes(url.pathname)) {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    return;
  }
  const found = discover(url.pathname);
  if (found) return send(response, { code: 200, body: found });
  const parsed = parseApiRequest(message, url);
  if (!parsed) throw new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
  const request = { ...parsed, user };
  if (await faults.meet(request, response)) return;
  authorize(request);
  const made = await handle(request, response);
  if (made) send(response, made);
}

function send(response: ServerResponse, { code, body }: Answer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(code, { 'content-type': 'application/json' }).end(text);
}

function refuse(response: ServerResponse, error: unknown): void {
  // The client has gone, or the answer has begun: nothing can be told any more.
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (!(error instanceof ApiError)) console.error('the stand-in failed to answer', error);
  const { status } =
    error instanceof ApiError ? error : new ApiError(500, 'InternalError', `Internal error occurred: ${String(error)}`);
  const seconds = status.details?.retryAfterSeconds;
  const headers = {
    'content-type': 'application/json',
    ...(seconds !== undefined && { 'retry-after': String(seconds) }),
  };
  response.writeHead(status.code, headers).end(JSON.stringify(status));
}

import { once } from 'node:events';
import { link, mkdtemp, rm, stat } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { deferred } from './deferred.js';
import { HttpServer, type HttpServerOptions } from '../../src/service/http-server.js';
import { createLogger } from '../../src/service/logger.js';
import { responseSignal } from '../../src/service/response-signal.js';

const logger = createLogger('test', 'silent');
const anyPort = { host: '127.0.0.1', port: 0 };

describe('an HTTP server', () => {
  const servers: HttpServer[] = [];
  let folder: string;

  function serve(
    handler: http.RequestListener,
    address: ConstructorParameters<typeof HttpServer>[2] = anyPort,
    options?: HttpServerOptions,
  ): HttpServer {
    const server = new HttpServer('http', handler, address, logger, options);
    servers.push(server);
    return server;
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chainr-http-'));
  });

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    await rm(folder, { recursive: true });
  });

  it('reports a port in use in one sentence, and says what to do', async () => {
    const first = serve((_request, response) => response.end());
    await first.start();
    const port = Number(new URL(first.url).port);
    const failure = await serve(() => {}, { host: '127.0.0.1', port }, { setting: 'PORT' })
      .start()
      .catch((error: unknown) => error);
    expect(failure).to.have.property(
      'message',
      `Cannot listen on port ${port} of 127.0.0.1: it is taken; stop what listens there, or choose another with PORT.`,
    );
  });

  it('listens on a socket, and replaces the file of a dead process but not of a live one', async () => {
    const socketPath = join(folder, 's.sock');
    const first = serve((_request, response) => response.end('first'), { socketPath });
    await first.start();
    expect(first.url).to.equal(`unix:${socketPath}`);
    const failure = await serve(() => {}, { socketPath })
      .start()
      .catch((error: unknown) => error);
    expect(failure).to.have.property('message').that.includes('it is taken');
    await first.stop();

    await leaveDeadSocket(socketPath);
    const second = serve((_request, response) => response.end('second'), { socketPath });
    await second.start();
    const [response] = (await once(http.get({ socketPath, path: '/' }), 'response')) as [http.IncomingMessage];
    expect((await response.toArray()).join('')).to.equal('second');
  });

  /** Sends bytes as they are, and reads until the server ends the connection. */
  async function raw(server: HttpServer, text: string): Promise<string> {
    const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(text);
    return ((await socket.toArray()) as Buffer[]).join('');
  }

  it('answers invalid HTTP and too large headers in the form of all errors', async () => {
    const server = serve((_request, response) => response.end());
    await server.start();
    for (const [sent, message] of [
      ['nonsense\r\n\r\n', 'The request is not valid HTTP.'],
      [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 'The headers are larger than 32768 bytes.'],
      ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n', 'The request is not valid HTTP.'],
    ] as const) {
      const answer = await raw(server, sent);
      expect(answer).to.match(/^HTTP\/1.1 400 Bad Request\r\nContent-Type: application\/json; charset=utf-8\r\n/);
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).to.include({ code: 'BadRequest', message });
    }
  });

  it('never writes an error into the middle of an answer', async () => {
    const server = serve((request, response) => {
      request.on('error', () => undefined);
      response.writeHead(200, { 'Content-Length': '100' }).write('half');
    });
    await server.start();
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
    const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(head);
    const [first] = (await once(socket, 'data')) as [Buffer];
    socket.write('not the size of a chunk\r\n');
    const rest = await socket.toArray().catch(() => []);
    expect(Buffer.concat([first, ...(rest as Buffer[])]).toString()).to.not.include('"kind":"Error"');
  });

  it('reads every header, however many there are', async () => {
    const server = serve((request, response) => response.end(String(request.headers['idempotency-key'])));
    await server.start();
    const many = Array.from({ length: 3_000 }, () => 'a:').join('\r\n');
    const request = `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${many}\r\nIdempotency-Key: k\r\n\r\n`;
    expect(await raw(server, request))
      .to.match(/\r\n\r\n.*k/s)
      .and.to.not.include('undefined');
  });

  it('ends streaming responses and lets the others finish when it stops', async () => {
    const streaming = deferred();
    const finish = deferred();
    const asked = deferred();
    const server = serve((request, response) => {
      if (request.url === '/stream') {
        responseSignal(response).addEventListener('abort', () => response.end('bye'));
        response.write('hello ');
        streaming.resolve();
        return;
      }
      asked.resolve();
      void finish.promise.then(() => response.end('done'));
    });
    await server.start();
    const texts = Promise.all(['/stream', '/slow'].map(async (path) => (await fetch(server.url + path)).text()));
    await Promise.all([streaming.promise, asked.promise]);
    const stopped = server.stop();
    finish.resolve();
    expect(await texts).to.deep.equal(['hello bye', 'done']);
    await stopped;
  });

  it('cuts requests that do not end by the deadline, and can be stopped again', async () => {
    const asked = deferred();
    const server = serve(() => asked.resolve(), anyPort, { stopDeadlineMs: 20 });
    await server.start();
    const failure = fetch(server.url).catch((error: unknown) => error);
    await asked.promise;
    await Promise.all([server.stop(), server.stop()]);
    expect(await failure).to.be.instanceOf(TypeError);
  });

  it('does not wait for an idle connection', async () => {
    const asked = deferred();
    const leave = new AbortController();
    const server = serve(() => asked.resolve(), anyPort, { stopDeadlineMs: 3_600_000 });
    await server.start();
    const unused = net.connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(unused, 'connect');
    // The answer shows that the server has accepted the connection that was made before.
    const asking = fetch(server.url, { signal: leave.signal }).catch(() => undefined);
    await asked.promise;
    leave.abort();
    await asking;
    const closed = once(unused, 'close');
    await Promise.all([server.stop(), closed]);
  });

  it('aborts the signal of a response whose client has gone', async () => {
    const gone = deferred();
    const server = serve((_request, response) => {
      responseSignal(response).addEventListener('abort', () => gone.resolve());
      response.write('x');
    });
    await server.start();
    const controller = new AbortController();
    await fetch(server.url, { signal: controller.signal });
    controller.abort();
    await gone.promise;
  });
});

/** A socket file without a listener, as a killed process leaves it. Closing removes the first name, not the hard link. */
async function leaveDeadSocket(socketPath: string): Promise<void> {
  const server = net.createServer();
  server.listen(`${socketPath}.tmp`);
  await once(server, 'listening');
  await link(`${socketPath}.tmp`, socketPath);
  server.close();
  await once(server, 'close');
  expect((await stat(socketPath)).isSocket()).to.equal(true);
}

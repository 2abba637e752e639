import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { errorHandler } from '@chainr/core/service/express-errors';
import { HttpServer } from '@chainr/core/service/http-server';
import { createLogger } from '@chainr/core/service/logger';
import express from 'express';
import { limitBody } from '../src/guards/limit-body.js';
import { upstreamLimits, type UpstreamLimits } from '../src/limits.js';
import { proxyTo } from '../src/proxy/proxy-to.js';
import { readTarget } from '../src/read-target.js';
import { readAnswer, type Answer } from './open-gate.js';

export interface OpenProxy {
  readonly port: number;
  readonly logLines: Record<string, unknown>[];
  /** Sends on its own connection. Resolves with the whole answer. */
  ask(path: string, options?: http.RequestOptions, body?: string): Promise<Answer>;
  /** The same, with only the head of the answer. */
  open(path: string): Promise<IncomingMessage>;
  close(): Promise<void>;
}

/** A proxy to a service, with limits of the test. */
export async function openProxy(service: net.Server, overrides: Partial<UpstreamLimits> = {}): Promise<OpenProxy> {
  const { port: servicePort } = service.address() as AddressInfo;
  const logLines: Record<string, unknown>[] = [];
  const write = (line: string) => void logLines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger('gate', 'warn', { write });
  const address = { host: '127.0.0.1', port: servicePort };
  const app = express().use(readTarget(), limitBody());
  app.use(proxyTo('sched', address, logger, { ...upstreamLimits, ...overrides }), errorHandler(logger));
  const quiet = createLogger('test', 'silent');
  const server = new HttpServer('http', app, { host: '127.0.0.1', port: 0 }, quiet, { stopDeadlineMs: 50 });
  await server.start();
  const port = Number(new URL(server.url).port);
  const open = async (path: string, options: http.RequestOptions = {}, body?: string): Promise<IncomingMessage> => {
    const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response.on('error', () => undefined); // It breaks at the end of a test.
  };
  return {
    port,
    logLines,
    open,
    ask: async (path, options, body) => readAnswer(await open(path, options, body)),
    close: () => server.stop(),
  };
}

/** A service that writes HTTP by hand, without saying how long it keeps a connection. */
export class RawService {
  /** The requests, as `1 POST /path`: the number of the connection, and the first line. */
  readonly asked: string[] = [];
  readonly sockets: Socket[] = [];
  /** Answers 200 by default. */
  answer: (socket: Socket, asked: string) => void = (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  };
  readonly server = net.createServer((socket) => {
    const number = this.sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      const [method = '', path = ''] = bytes.toString().split(' ', 2);
      if (!path.startsWith('/')) return; // The rest of a body.
      const asked = `${String(number)} ${method} ${path}`;
      this.asked.push(asked);
      this.answer(socket, asked);
    });
  });

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

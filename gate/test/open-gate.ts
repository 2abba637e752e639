import { once } from 'node:events';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import { Writable } from 'node:stream';
import { HttpServer } from '@chainr/core/service/http-server';
import type { ListeningService } from '@chainr/core/service/listening-service';
import { createLogger } from '@chainr/core/service/logger';
import type { GateConfig } from '../src/config.js';
import { createService } from '../src/service.js';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  json: unknown;
}

export interface OpenGate {
  readonly url: string;
  readonly port: number;
  /** The handlers of the services behind gate; by default they echo the request. */
  handlers: Record<'sched' | 'notif' | 'ui', RequestListener>;
  readonly logLines: Record<string, unknown>[];
  ask(path: string, options?: http.RequestOptions, body?: string | Buffer): Promise<Answer>;
  stopService(name: 'sched' | 'notif' | 'ui'): Promise<void>;
  close(): Promise<void>;
}

/** A service that echoes its requests. */
function echo(name: string): RequestListener {
  return (request, response) => {
    void request.toArray().then(
      (chunks: Buffer[]) => {
        const { method, url, headers } = request;
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify({ name, method, url, headers, bytes: Buffer.concat(chunks).length }));
      },
      () => response.destroy(),
    );
  };
}

/** A real gate with three services of the test. */
export async function openGate(overrides: Partial<GateConfig> = {}): Promise<OpenGate> {
  const quiet = createLogger('test', 'silent');
  const handlers: OpenGate['handlers'] = { sched: echo('sched'), notif: echo('notif'), ui: echo('ui') };
  const addressFor = async (name: keyof typeof handlers): Promise<[HttpServer, { host: string; port: number }]> => {
    const server = new HttpServer(name, (...args) => handlers[name](...args), { host: '127.0.0.1', port: 0 }, quiet, {
      stopDeadlineMs: 50,
    });
    await server.start();
    return [server, { host: '127.0.0.1', port: Number(new URL(server.url).port) }];
  };
  const [[sched, schedAt], [notif, notifAt], [ui, uiAt]] = await Promise.all([
    addressFor('sched'),
    addressFor('notif'),
    addressFor('ui'),
  ]);
  const services = { sched, notif, ui };
  const logLines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      logLines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
      done();
    },
  });
  const config = {
    listen: { host: '127.0.0.1', port: 0 },
    sched: schedAt,
    notif: notifAt,
    ui: uiAt,
    connectionsPerClient: 0,
    logLevel: 'info',
    ...overrides,
  };
  const gate: ListeningService = createService(config, createLogger('gate', 'info', destination));
  await gate.start();
  const port = Number(new URL(gate.url).port);
  return {
    url: gate.url,
    port,
    handlers,
    logLines,
    ask: (path, options, body) => ask(port, path, options, body),
    stopService: (name) => services[name].stop(),
    close: async () => {
      await Promise.all([gate.stop(), sched.stop(), notif.stop(), ui.stop()]);
    },
  };
}

async function ask(
  port: number,
  path: string,
  options: http.RequestOptions = {},
  body?: string | Buffer,
): Promise<Answer> {
  const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return readAnswer(response);
}

export async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const text = Buffer.concat((await response.toArray()) as Buffer[]).toString();
  const isJson = response.headers['content-type']?.startsWith('application/json') === true;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}

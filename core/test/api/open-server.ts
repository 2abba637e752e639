import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '@chainr/core/api/client/client';
import { socketFetch } from '@chainr/core/api/client/socket-fetch';

/** Timeouts long enough for every test, and pauses too short to slow one down. */
const retry = { forMs: 5000, pauseMs: 1, maxPauseMs: 5 };

export interface OpenServer {
  readonly url: string;
  readonly client: Client;
  close(): Promise<void>;
}

/** A server whose n-th listener answers the n-th request. The last one also answers all later requests. */
export async function openServer(...answers: readonly [RequestListener, ...RequestListener[]]): Promise<OpenServer> {
  let asked = 0;
  const server = http.createServer((request, response) => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? answers[0];
    asked += 1;
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    url,
    client: new Client({ baseUrl: url, token: 'secret', retry }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function socketClient(path: string): Client {
  return new Client({ baseUrl: 'http://localhost', fetch: socketFetch(path), retry });
}

export const answerJson =
  (status: number, body: object, headers: Record<string, string> = {}): RequestListener =>
  (request, response) => {
    request.resume();
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

/** Breaks the connection in the middle of a response, after the bytes written so far were sent. */
export const answerBroken =
  (...lines: readonly object[]): RequestListener =>
  (_request, response) => {
    response.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), () => {
      response.destroy();
    });
  };

export const answerLines =
  (...lines: readonly object[]): RequestListener =>
  (_request, response) => {
    response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  };

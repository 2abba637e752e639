import http from 'node:http';
import { Readable } from 'node:stream';

/** The part of `fetch` that the client uses. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal?: AbortSignal },
) => Promise<Response>;

/** How long an idle connection is kept for the next request. Servers keep it longer. */
const idleMs = 5_000;

/** A `fetch` that reaches a server on a unix socket, whatever host its URLs name. Node only. */
export function socketFetch(socketPath: string): Fetch {
  // After a longer idle time the server might close the connection just as a request is sent.
  const agent = new http.Agent({ keepAlive: true, timeout: idleMs });
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const { pathname, search } = new URL(url);
      const options = { socketPath, agent, method, path: pathname + search, headers, ...(signal ? { signal } : {}) };
      const request = http.request(options, (answer) => {
        const received = new Headers(
          Object.entries(answer.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
        );
        const empty = answer.statusCode === 204 || answer.statusCode === 304 || method === 'HEAD';
        if (empty) answer.resume();
        const stream = empty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
        resolve(
          new Response(stream, {
            status: answer.statusCode ?? 502,
            statusText: answer.statusMessage ?? '',
            headers: received,
          }),
        );
      });
      request.on('error', reject);
      request.end(body);
    });
}

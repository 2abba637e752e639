import { createServer, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';

/**
 * What the daemon does instead of a request: it answers with a status and a message, or, if `held`, it does not answer
 * and carries the request out when `deliver` is called.
 */
export type Refusal = { status: number; message: string } | 'held';

type Asked = Pick<IncomingMessage, 'method' | 'url'>;

export interface RefusingDaemon {
  readonly socketPath: string;
  /** How many requests were refused. */
  refusals: () => number;
  /** Carries out the held requests. @returns their statuses */
  deliver: () => Promise<number[]>;
  close: () => Promise<void>;
}

/** A proxy in front of a daemon, with its own socket. It refuses requests for which `refuse` returns a refusal. */
export async function startRefusingDaemon(
  daemonPath: string,
  refuse: (asked: Asked) => Refusal | undefined,
): Promise<RefusingDaemon> {
  const socketPath = `${daemonPath}.refusing`;
  let count = 0;
  const held: Asked[] = [];
  const server = createServer((asked, answer) => {
    const refusal = refuse(asked);
    if (refusal === 'held') {
      count += 1;
      asked.resume();
      held.push({ method: asked.method, url: asked.url });
      answer.destroy();
      return;
    }
    if (refusal) {
      count += 1;
      asked.resume();
      answer.writeHead(refusal.status, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ message: refusal.message }));
      return;
    }
    const { method, url, headers } = asked;
    const forwarded = request({ socketPath: daemonPath, method, path: url, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      answer.flushHeaders();
      got.pipe(answer);
    });
    forwarded.on('error', () => answer.destroy());
    answer.on('close', () => forwarded.destroy());
    asked.pipe(forwarded);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    socketPath,
    refusals: () => count,
    deliver: () =>
      Promise.all(
        held.splice(0).map(async ({ method, url }) => {
          const sent = request({ socketPath: daemonPath, method, path: url }).end();
          const [got] = (await once(sent, 'response')) as [IncomingMessage];
          got.resume();
          return got.statusCode ?? 0;
        }),
      ),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(socketPath, { force: true });
    },
  };
}

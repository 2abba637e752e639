import { createServer, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';

/** What a daemon answers in place of doing what it was asked: a status and its message. */
export interface Refusal {
  status: number;
  message: string;
}

export interface RefusingDaemon {
  readonly socketPath: string;
  /** How many requests were refused. */
  refusals: () => number;
  close: () => Promise<void>;
}

/** Stands in front of a daemon on a socket of its own, and refuses what `refuse` has a refusal for. */
export async function startRefusingDaemon(
  daemonPath: string,
  refuse: (asked: Pick<IncomingMessage, 'method' | 'url'>) => Refusal | undefined,
): Promise<RefusingDaemon> {
  const socketPath = `${daemonPath}.refusing`;
  let count = 0;
  const server = createServer((asked, answer) => {
    const refusal = refuse(asked);
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
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(socketPath, { force: true });
    },
  };
}

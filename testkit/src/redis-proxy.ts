import { createConnection, createServer, type Socket } from 'node:net';

export interface RedisProxy {
  /** As `CHAINR_REDIS_URL` takes it. */
  readonly url: string;
  /** Ends all connections and lets no new one through. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Stands between one client and a Redis, both on unix sockets, so that a test can part them. */
export async function startRedisProxy(redisUrl: string, socketPath: string): Promise<RedisProxy> {
  const target = redisUrl.slice('unix:'.length);
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = createConnection(target);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      // prettier-ignore
      open.add(socket);
      socket.on('error', () => undefined); // Its close follows.
      socket.once('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const endAll = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `unix:${socketPath}`,
    cut: () => {
      isCut = true;
      endAll();
    },
    mend: () => {
      isCut = false;
    },
    close: async () => {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import { createConnection, createServer, type Socket } from 'node:net';

/** What a silent connection drops. */
export type Lost = 'all' | 'requests' | 'replies';

export interface Silence {
  /** How many connections it has hit so far. */
  readonly count: number;
  /** Stops it for new connections. Those it has hit deliver what they held back, and go on. */
  end(): void;
}

export interface RedisProxy {
  /** A value for `CHAINR_REDIS_URL`. */
  readonly url: string;
  /** Ends all connections and refuses new ones. */
  cut(): void;
  mend(): void;
  /** How many connections it has refused so far. */
  readonly refused: number;
  /** Ends all connections; new ones lead to another Redis, as after a failover. */
  pointTo(redisUrl: string): void;
  /**
   * Makes connections fall silent, like a NAT that has forgotten them: nobody is told, and no more bytes arrive.
   *
   * @param name the name that the connections gave to Redis; absent: all connections
   * @param isLasting also those that are opened from now on
   */
  silence(options?: { name?: string; lost?: Lost; isLasting?: boolean }): Silence;
  /**
   * Ends all connections once, when the n-th request chunk from now on has come.
   *
   * @param isDelivered whether Redis still gets it
   * @returns whether it has happened
   */
  cutAt(piece: number, isDelivered: boolean): () => boolean;
  close(): Promise<void>;
}

interface Link {
  near: Socket;
  far: Socket;
  name: string;
  lost: Set<'requests' | 'replies'>;
  held: { to: Socket; bytes: Buffer }[];
}

/** A proxy between clients and a Redis on a unix socket, so that a test can cut them off. It has its own socket. */
export async function startRedisProxy(redisUrl: string, socketPath: string): Promise<RedisProxy> {
  let target = redisUrl.slice('unix:'.length);
  const links = new Set<Link>();
  const lasting = new Set<(link: Link) => void>();
  let isCut = false;
  let refused = 0;
  let onRequest: (() => 'forward' | 'drop') | undefined;

  const server = createServer((near) => {
    if (isCut) {
      refused += 1;
      near.destroy();
      return;
    }
    const link: Link = { near, far: createConnection(target), name: '', lost: new Set(), held: [] };
    links.add(link);
    carry(link, near, link.far, 'requests');
    carry(link, link.far, near, 'replies');
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));

  function carry(link: Link, from: Socket, to: Socket, kind: 'requests' | 'replies'): void {
    from.on('error', () => undefined); // Its close follows.
    from.on('data', (bytes) => {
      if (kind === 'requests') {
        link.name ||= /SETNAME\r\n\$\d+\r\n(\S+)\r\n/i.exec(bytes.toString('latin1'))?.[1] ?? '';
        for (const apply of lasting) apply(link);
        if (onRequest?.() === 'drop') return;
      }
      if (link.lost.has(kind)) link.held.push({ to, bytes });
      else if (!to.write(bytes)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    });
    from.once('close', () => {
      // When a silent connection ends, the other side does not learn it either.
      if (link.lost.has(kind)) return;
      to.destroy();
      links.delete(link);
    });
  }

  const endAll = () => {
    for (const { near, far } of links) for (const socket of [near, far]) socket.destroy();
    links.clear();
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
    get refused() {
      return refused;
    },
    pointTo: (url) => {
      target = url.slice('unix:'.length);
      endAll();
    },
    silence: ({ name, lost = 'all', isLasting = false } = {}) => {
      const hit = new Set<Link>();
      const apply = (link: Link): void => {
        if (hit.has(link) || (name !== undefined && link.name !== name)) return;
        hit.add(link);
        for (const kind of lost === 'all' ? (['requests', 'replies'] as const) : [lost]) link.lost.add(kind);
      };
      for (const link of links) apply(link);
      if (isLasting) lasting.add(apply);
      return {
        get count() {
          return hit.size;
        },
        end: () => {
          lasting.delete(apply);
          for (const link of hit) {
            link.lost.clear();
            for (const { to, bytes } of link.held.splice(0)) to.write(bytes);
            for (const socket of [link.near, link.far]) if (socket.destroyed) (socket === link.near ? link.far : link.near).end(); // prettier-ignore
          }
        },
      };
    },
    cutAt: (piece, isDelivered) => {
      let left = piece;
      onRequest = () => {
        left -= 1;
        if (left > 0) return 'forward';
        onRequest = undefined;
        // The chunk must be written before its connection ends.
        if (isDelivered) setImmediate(endAll);
        else endAll();
        return isDelivered ? 'forward' : 'drop';
      };
      return () => left <= 0;
    },
    close: async () => {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

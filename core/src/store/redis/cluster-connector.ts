import net from 'node:net';
import tls from 'node:tls';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import { prefix } from './keys.js';

type Node = { host: string; port: number };

/** What `CLUSTER SLOTS` tells of a range: first, last, then the nodes, the primary first. */
type SlotRange = [number, number, ...[string, number, ...unknown[]][]];

/**
 * Connects to the node of a Redis Cluster that has all keys of chainr: they share a hash tag, so they are in one slot
 * (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags). Who gets MOVED connects anew,
 * and the slot is looked up again.
 */
export function clusterConnector(seeds: readonly Node[]): NonNullable<RedisOptions['Connector']> {
  return class ClusterConnector extends AbstractConnector {
    readonly #options: RedisOptions;

    constructor(options: unknown) {
      const known = options as RedisOptions;
      super(known.disconnectTimeout ?? 2_000);
      this.#options = known;
    }

    async connect(): Promise<net.Socket> {
      this.connecting = true;
      const { host, port } = await findNode(seeds, this.#options);
      if (this.#isClosed()) throw new Error('Connection is closed.');
      const { tls: secure } = this.#options;
      const stream = secure ? tls.connect({ ...secure, host, port }) : net.connect({ host, port });
      this.stream = stream;
      return stream;
    }

    /** A disconnect came while it looked. */
    #isClosed(): boolean {
      return !this.connecting;
    }
  };
}

/** Asks one node after the other. @throws the error of the last one if none answers */
async function findNode(seeds: readonly Node[], options: RedisOptions): Promise<Node> {
  let failure: unknown = new Error('ECONNREFUSED: the address names no node of a cluster');
  for (const seed of seeds) {
    try {
      return await askNode(seed, options);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function askNode(seed: Node, { username, password, tls: secure, connectTimeout }: RedisOptions): Promise<Node> {
  const client = new Redis({
    ...seed,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(secure && { tls: secure }),
    ...(connectTimeout !== undefined && { connectTimeout, commandTimeout: connectTimeout }),
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
  });
  client.on('error', () => undefined); // The commands report it.
  try {
    await client.connect();
    const slot = await client.cluster('KEYSLOT', prefix);
    const ranges = (await client.cluster('SLOTS')) as SlotRange[];
    const range = ranges.find(([first, last]) => first <= slot && slot <= last);
    const [host = '', port] = range?.[2] ?? [];
    if (port === undefined) throw new Error(`CLUSTERDOWN no node serves slot ${String(slot)}`);
    // A node that does not know its own address leaves it out.
    return { host: host === '' ? seed.host : host, port };
  } finally {
    client.disconnect();
  }
}

import { Redis } from 'ioredis';

/** A plain Redis client, for what no service would do. `url` is `unix:/path` or `redis://…`. */
export async function openRedisClient(url: string): Promise<Redis> {
  const options = { lazyConnect: true, protocol: 2, maxRetriesPerRequest: 3 } as const;
  const client = url.startsWith('unix:')
    ? new Redis({ ...options, path: url.slice('unix:'.length) })
    : new Redis(url, options);
  client.on('error', () => undefined); // A command that cannot be sent fails by itself.
  await client.connect();
  return client;
}

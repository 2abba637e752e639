import { keys } from '@chainr/core/store/redis/keys';
import { openRedisClient } from './open-redis-client.js';

/** From now on the scripts see the time of Redis plus `offsetMs` (see Clock). */
export async function setClock(redisUrl: string, offsetMs: number): Promise<void> {
  const client = await openRedisClient(redisUrl);
  await client.set(keys.clock, offsetMs);
  client.disconnect();
}

import { keys } from '@chainr/core/store/redis/keys';
import type { Redis } from 'ioredis';

/** All leases of an instance. */
export async function countLeases(client: Redis): Promise<number> {
  const numbers = await client.hvals(keys.executors);
  const counts = await Promise.all(numbers.map((number) => client.zcard(keys.leases(Number(number)))));
  return counts.reduce((sum, count) => sum + count, 0);
}

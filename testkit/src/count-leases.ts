import { keys } from '@chainr/core/store/keys';
import type { Redis } from 'ioredis';

/** All leases of an instance, as the scripts know them. */
export async function listAllLeases(client: Redis): Promise<string[]> {
  const numbers = await client.hvals(keys.executors);
  const lists = await Promise.all(numbers.map((number) => client.zrange(keys.leases(Number(number)), 0, '-1')));
  return lists.flat();
}

export const countLeases = async (client: Redis): Promise<number> => (await listAllLeases(client)).length;

import { keys, logPartBytes, type AttemptId } from '@chainr/core/store/redis/keys';
import type { Redis } from 'ioredis';

/** Makes a stored log as long as `parts` full parts without the data: each part but the first is one byte. */
export async function growLog(client: Redis, { run, index, attempt }: AttemptId, parts: number): Promise<void> {
  const key = keys.log(run, index, attempt);
  const length = Number(await client.hget(key, 'length'));
  for (let part = 1; part < parts; part += 1) await client.set(`${key}:${String(part)}`, 'x');
  await client.hset(key, 'length', parts * logPartBytes);
  await client.hincrby(keys.counters, 'logBytes', parts * logPartBytes - length);
}

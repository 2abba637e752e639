import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';

/** The file to which the Redis of a folder appends, once it exists: since Redis 7 the last of several. */
export async function appendOnlyFile(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true });
  const name = names.find((each) => each.endsWith('.incr.aof')) ?? names.find((each) => each.endsWith('.aof'));
  if (name !== undefined) return path.join(folder, name);
  await pause(20);
  return appendOnlyFile(folder);
}

/**
 * The size of the append-only file once Redis has written everything that it answered. With `everysec` it delays its
 * writes while the disk is busy with a sync.
 */
export async function writtenSize(client: Redis, file: string): Promise<number> {
  while (!/^aof_buffer_length:0\r?$/m.test(await client.info('persistence')));
  return (await stat(file)).size;
}

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';

/** What the Redis of a folder appends to, once it is there: since Redis 7 the last of several files. */
export async function appendOnlyFile(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true });
  const name = names.find((each) => each.endsWith('.incr.aof')) ?? names.find((each) => each.endsWith('.aof'));
  if (name !== undefined) return path.join(folder, name);
  await pause(20);
  return appendOnlyFile(folder);
}

/**
 * How large the append-only file is once Redis has written all that it has answered: with `everysec` it holds back its
 * writes while the disk is busy with a sync.
 */
export async function writtenSize(client: Redis, file: string): Promise<number> {
  while (!/^aof_buffer_length:0\r?$/m.test(await client.info('persistence')));
  return (await stat(file)).size;
}

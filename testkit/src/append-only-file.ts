import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Redis } from 'ioredis';
import { untilFound } from './until-found.js';

/** The file to which the Redis of a folder appends, once it exists: since Redis 7 the last of several. */
export async function appendOnlyFile(folder: string): Promise<string> {
  const look = () => readdir(folder, { recursive: true });
  const nameIn = (names: readonly string[]) =>
    names.find((each) => each.endsWith('.incr.aof')) ?? names.find((each) => each.endsWith('.aof'));
  const names = await untilFound('an append-only file', look, (seen) => nameIn(seen) !== undefined);
  return path.join(folder, nameIn(names) ?? '');
}

/**
 * The size of the append-only file once Redis has written everything that it answered. With `everysec` it delays its
 * writes while the disk is busy with a sync.
 */
export async function writtenSize(client: Redis, file: string): Promise<number> {
  await untilFound(
    'an empty buffer of the append-only file',
    () => client.info('persistence'),
    (info) => /^aof_buffer_length:0\r?$/m.test(info),
    { everyMs: 0 },
  );
  return (await stat(file)).size;
}

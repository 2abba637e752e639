import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What the Redis of a folder appends to, once it is there: since Redis 7 the last of several files. */
export async function appendOnlyFile(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true });
  const name = names.find((each) => each.endsWith('.incr.aof')) ?? names.find((each) => each.endsWith('.aof'));
  if (name !== undefined) return path.join(folder, name);
  await pause(20);
  return appendOnlyFile(folder);
}

import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface JumpingClock {
  /** In place of `redis-server`. */
  readonly program: string;
  /** From now on the clock of the Redis is this much ahead; negative: behind. */
  set(aheadMs: number): Promise<void>;
  remove(): Promise<void>;
}

/**
 * What makes a real redis-server see another time. libfaketime has to be initialized before an allocator that asks for the
 * time, as jemalloc does: glibc's own takes its place, or Redis hangs at its start.
 */
function preload(): string {
  return `libc_malloc_debug.so.0:${execFileSync('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim()}`;
}

/** Why the clock of a Redis cannot jump on this machine, or undefined where it can. */
export function whyNoJumps(): string | undefined {
  try {
    const env = { ...process.env, LD_PRELOAD: preload(), FAKETIME: '+3600s' };
    const seen = execFileSync('redis-server', ['--version'], { env, encoding: 'utf8', timeout: 10_000 });
    return seen.startsWith('Redis') ? undefined : 'redis-server does not run under libfaketime';
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing ? 'faketime is not installed' : `redis-server does not run under libfaketime: ${String(error)}`;
  }
}

/** A clock for one Redis, whose monotonic clock stays as it is. */
export async function makeJumpingClock(): Promise<JumpingClock> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chainr-clock-'));
  const program = path.join(folder, 'redis-server');
  const file = path.join(folder, 'offset');
  const set = async (aheadMs: number): Promise<void> => {
    const next = `${file}.next`;
    await writeFile(next, `${aheadMs < 0 ? '' : '+'}${String(aheadMs / 1000)}\n`);
    await rename(next, file); // Redis reads it each time that it asks for the time, and never half of it.
  };
  await set(0);
  const settings = `FAKETIME_TIMESTAMP_FILE='${file}' FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1`;
  await writeFile(program, `#!/bin/sh\nexec env LD_PRELOAD='${preload()}' ${settings} redis-server "$@"\n`);
  await chmod(program, 0o755);
  return { program, set, remove: () => rm(folder, { recursive: true, force: true }) };
}

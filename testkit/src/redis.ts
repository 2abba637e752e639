import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startRedisServer } from '@chainr/core/service/redis-server';

export interface TestRedis {
  /** `unix:/…`, for `CHAINR_REDIS_URL`. */
  readonly url: string;
  readonly pid: number;
  readonly folder: string;
  stop(): Promise<void>;
}

/** Starts a real Redis in a new temporary folder; takes 30 ms. `program` replaces `redis-server`. */
export async function startRedis(extra: readonly string[] = [], program = 'redis-server'): Promise<TestRedis> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chainr-redis-'));
  const server = await startRedisServer({ folder, socketPath: path.join(folder, 'redis.sock'), program, extra });
  return {
    url: server.url,
    pid: server.pid,
    folder,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

import type { Redis } from 'ioredis';
import { translateRedisErrors } from './translate-redis-errors.js';

/** For how long the server of a connection has been up. */
export class ServerLife {
  readonly #connection: Redis;
  /** The last server seen: since when it has been up, and when it was seen, by `performance.now()`. */
  #server: { runId: string; upSince: number; seenAt: number } | undefined;

  constructor(connection: Redis) {
    this.#connection = connection;
  }

  /**
   * Which server this is, and how long it has been up: after a restart it may have lost its newest writes (see
   * Rollback). Its uptime comes from its clock, which may jump. So it is asked once per server, and limited by when
   * another server was last seen.
   */
  async read(): Promise<{ runId: string; upMs: number }> {
    const info = await translateRedisErrors(() => this.#connection.info('server'));
    const field = (name: string) => new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)?.[1] ?? '';
    const runId = field('run_id');
    const seenAt = performance.now();
    const former = this.#server;
    const told = seenAt - Math.max(0, Number(field('uptime_in_seconds')) * 1000);
    const upSince = former?.runId === runId ? former.upSince : Math.max(told, former?.seenAt ?? -Infinity);
    this.#server = { runId, upSince, seenAt };
    return { runId, upMs: seenAt - upSince };
  }
}

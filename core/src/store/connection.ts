import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../service/logger.js';

export interface ConnectionOptions {
  /** `redis://…`, `rediss://…` or `unix:/path/to/the.sock`. */
  url: string;
  logger: Logger;
  /** After so many milliseconds without a reply a command fails; absent: waits as long as the connection lives. */
  commandTimeoutMs?: number;
}

/**
 * A connection that never sends a command twice by itself (rule R6) and never keeps commands for
 * later while Redis is away (rule R8): who calls decides what to do then. It reconnects for ever.
 */
export function connect({ url, logger, commandTimeoutMs }: ConnectionOptions): Redis {
  const connection = new Redis({
    ...target(url),
    lazyConnect: true,
    protocol: 2,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(20 * times, 500),
    ...(commandTimeoutMs === undefined ? {} : { commandTimeout: commandTimeoutMs }),
  });
  let away = false;
  connection.on('error', (error: Error) => {
    if (!away) logger.warn({ event: 'redis.away', error: error.message }, 'Redis does not answer; trying again');
    away = true;
  });
  connection.on('ready', () => {
    if (away) logger.info({ event: 'redis.back' }, 'Redis answers again');
    away = false;
  });
  return connection;
}

/** A connection for BullMQ, which blocks on it, and queues and sends again as it is made for. */
export function connectForQueue(url: string, logger: Logger): Redis {
  const connection = new Redis({
    ...target(url),
    lazyConnect: true,
    protocol: 2,
    maxRetriesPerRequest: null,
  });
  connection.on('error', (error: Error) => {
    logger.debug({ event: 'redis.queue-away', error: error.message });
  });
  return connection;
}

type Target = Pick<RedisOptions, 'path' | 'host' | 'port' | 'username' | 'password' | 'db' | 'tls'>;

function target(url: string): Target {
  if (url.startsWith('unix:')) return { path: url.slice('unix:'.length) };
  const { hostname, port, username, password, pathname, protocol } = new URL(url);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(pathname.length > 1 ? { db: Number(pathname.slice(1)) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

/** Resolves when the connection is usable, however long that takes; rejects when aborted. */
export async function untilReady(connection: Redis, signal?: AbortSignal): Promise<void> {
  if (connection.status === 'wait') await connection.connect().catch(() => undefined);
  if (connection.status === 'ready') return;
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const settle = (outcome: () => void) => () => {
      connection.off('ready', onReady);
      signal?.removeEventListener('abort', onAbort);
      outcome();
    };
    const onReady = settle(resolve);
    const onAbort = settle(() => {
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    });
    connection.on('ready', onReady);
    signal?.addEventListener('abort', onAbort);
  });
}

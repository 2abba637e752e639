import type { Redis, RedisOptions } from 'ioredis';
import type { Logger } from '../../service/logger.js';
import { WatchedConnection } from './watched-connection.js';

export interface ConnectionOptions {
  /** `redis://…`, `rediss://…` or `unix:/path/to/the.sock`. */
  url: string;
  /** What it is for, as `CLIENT LIST` shows it. */
  name: string;
  logger: Logger;
  /** After so many milliseconds without a reply a command fails; absent: waits as long as the connection lives. */
  commandTimeoutMs?: number;
  /** How long Redis may hold a command back that waits for something, in milliseconds. */
  blocksMs?: number;
}

/** A connection on which no byte comes for so long is made anew; one that blocks gets the time for that on top. */
const silentMs = 3_000;
/** How long it may take to open one. */
const connectTimeoutMs = 5_000;

/**
 * A connection that never sends a command twice by itself (see Resent calls) and never keeps commands for
 * later while Redis is away (see Leases): who calls decides what to do then. It reconnects for ever,
 * also when its peer falls silent.
 */
export function connect(options: ConnectionOptions): Redis {
  const { name, logger, commandTimeoutMs, blocksMs = 0 } = options;
  const connection = open(options, {
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    ...(commandTimeoutMs === undefined ? {} : { commandTimeout: commandTimeoutMs + blocksMs }),
  });
  let away = false;
  connection.on('error', (error: Error) => {
    if (!away)
      logger.warn({ event: 'redis.away', connection: name, error: error.message }, 'Redis does not answer; trying again'); // prettier-ignore
    away = true;
  });
  connection.on('ready', () => {
    if (away) logger.info({ event: 'redis.back', connection: name }, 'Redis answers again');
    away = false;
  });
  return connection;
}

/**
 * A connection that keeps commands until Redis is there, and sends them again: for BullMQ, which is made for that, and
 * for subscriptions.
 */
export function connectForQueue(options: Omit<ConnectionOptions, 'commandTimeoutMs'>): Redis {
  const { name, logger } = options;
  const connection = open(options, { maxRetriesPerRequest: null });
  connection.on('error', (error: Error) => {
    logger.debug({ event: 'redis.queue-away', connection: name, error: error.message });
  });
  return connection;
}

/** What all connections have in common, and what is of this one. It connects with its first command, or when asked to. */
function open({ url, name, blocksMs = 0 }: ConnectionOptions, own: Partial<RedisOptions>): Redis {
  const options = {
    ...target(url),
    connectionName: `chainr-${name}`,
    lazyConnect: true,
    protocol: 2,
    connectTimeout: connectTimeoutMs,
    retryStrategy: (times: number) => Math.min(20 * times, 500),
    ...own,
  } as const;
  return new WatchedConnection(options, silentMs + blocksMs);
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

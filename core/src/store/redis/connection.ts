import type { Redis, RedisOptions } from 'ioredis';
import type { Logger } from '../../service/logger.js';
import { parseRedisAddress } from '../../service/redis-address.js';
import { clusterConnector } from './cluster-connector.js';
import { WatchedConnection } from './watched-connection.js';

export interface ConnectionOptions {
  /** As `parseRedisAddress` reads it. */
  url: string;
  /** Its purpose, as `CLIENT LIST` shows it. */
  name: string;
  logger: Logger;
  /** After this many milliseconds without a reply a command fails; absent: it waits as long as the connection lives. */
  commandTimeoutMs?: number;
  /** How long Redis may block a command that waits for something, in milliseconds. */
  blocksMs?: number;
}

/** A connection without a byte for so long is replaced. A blocking connection gets its blocking time on top. */
const silentMs = 3_000;
/** How long opening a connection may take. */
const connectTimeoutMs = 5_000;

/**
 * A connection that never resends a command by itself (see Resent calls) and never queues commands while Redis is away
 * (see Leases): the caller decides what to do then. It reconnects for ever, also after silence.
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

/** A connection that queues commands until Redis is there, and resends them. BullMQ and subscriptions expect that. */
export function connectForQueue(options: Omit<ConnectionOptions, 'commandTimeoutMs'>): Redis {
  const { name, logger } = options;
  const connection = open(options, { maxRetriesPerRequest: null });
  connection.on('error', (error: Error) => {
    logger.debug({ event: 'redis.queue-away', connection: name, error: error.message });
  });
  return connection;
}

/**
 * The options that all connections share, and those of this one. It connects with its first command, or when asked to.
 */
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

/** Where a connection goes. */
function target(url: string): Partial<RedisOptions> {
  const { kind, path, hosts, group, username, password, db, tls } = parseRedisAddress(url);
  if (kind === 'socket') return { path };
  const [first] = hosts;
  return {
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(db !== 0 && { db }),
    ...(tls && { tls: {} }),
    ...(kind === 'server' && first),
    ...(kind === 'cluster' && { Connector: clusterConnector(hosts) }),
    ...(kind === 'sentinels' && { sentinels: [...hosts], name: group, ...(tls && { enableTLSForSentinelMode: true }) }),
    // The data is elsewhere now: the server has not carried out the command, so it is sent again there.
    reconnectOnError: ({ message }: Error) => (/^(MOVED|READONLY) /.test(message) ? 2 : false),
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

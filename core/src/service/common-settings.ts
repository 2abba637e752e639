import { parseRedisAddress } from './redis-address.js';
import { parseArchiveAddress } from './archive-address.js';
import { parseAddress } from './address.js';
import { logLevels } from './logger.js';
import { choice, text } from './setting-kinds.js';
import type { Setting } from './settings.js';

/** The settings that several services have. */

export const redisUrl = text(
  {
    env: 'CHAINR_REDIS_URL',
    default: 'redis://127.0.0.1:6379',
    doc: 'Address of Redis: `redis://host:port`, `unix:/path/to/socket`, `redis+sentinel://host:26379,host:26379/GROUP` or `redis+cluster://host:6379,host:6379`; `rediss` instead of `redis` for TLS.',
    secret: true,
  },
  parseRedisAddress,
);

export const redisPassword = text({
  env: 'CHAINR_REDIS_PASSWORD',
  default: '',
  doc: 'Password of Redis, if it is not in its address.',
  secret: true,
});

export const archive = text(
  {
    env: 'CHAINR_ARCHIVE',
    default: '',
    doc: 'Where finished logs go: `file:///path/to/directory`, which all replicas of sched and recycle share. Empty: they stay in Redis.',
  },
  parseArchiveAddress,
);

export const logLevel = choice(logLevels, {
  env: 'CHAINR_LOG_LEVEL',
  default: 'info',
  doc: 'Lowest level that is logged.',
});

/** @param usual the address where it listens by default */
export const listenOf = (service: string, usual: string): Setting<string> =>
  text(
    {
      env: 'CHAINR_LISTEN',
      default: usual,
      doc: `Address where ${service} listens: \`host:port\` or \`unix:/path/to/socket\`.`,
    },
    parseAddress,
  );

import { parseAddress, type Address } from '@chainr/core/service/address';
import { logLevels } from '@chainr/core/service/logger';
import { choice, durationMs, text } from '@chainr/core/service/setting-kinds';
import { readSettings, type Setting } from '@chainr/core/service/settings';

/** Every setting of recycle; its documentation is made from here. */
export const settings = {
  redisUrl: text({
    env: 'CHAINR_REDIS_URL',
    default: 'redis://127.0.0.1:6379',
    doc: 'Where Redis is: `redis://host:port` or `unix:/path/to/socket`.',
  }),
  listen: text(
    {
      env: 'CHAINR_LISTEN',
      default: '127.0.0.1:8084',
      doc: 'Where recycle listens: `host:port` or `unix:/path/to/socket`.',
    },
    parseAddress,
  ),
  hostLostAfterMs: durationMs({
    env: 'CHAINR_HOST_LOST_AFTER',
    default: 300_000,
    doc: 'After how long without any worker of an executor its attempts are Lost, and start again elsewhere; 0: never.',
  }),
  logLevel: choice(logLevels, { env: 'CHAINR_LOG_LEVEL', default: 'info', doc: 'The least level that is logged.' }),
} satisfies Record<string, Setting<unknown>>;

export interface RecycleConfig {
  readonly redisUrl: string;
  readonly listen: Address;
  /** 0: never. */
  readonly hostLostAfterMs: number;
  readonly logLevel: string;
}

/** @throws SettingsError that lists every mistake at once */
export function readConfig(env: NodeJS.ProcessEnv): RecycleConfig {
  const { listen, ...rest } = readSettings(settings, env);
  return { ...rest, listen: parseAddress(listen) };
}

import { parseAddress, type Address } from '@chainr/core/service/address';
import { logLevels } from '@chainr/core/service/logger';
import { choice, text } from '@chainr/core/service/setting-kinds';
import { readSettings, type Setting } from '@chainr/core/service/settings';

/** Every setting of notif. The documentation is printed from this table. */
export const settings = {
  redisUrl: text({
    env: 'CHAINR_REDIS_URL',
    default: 'redis://127.0.0.1:6379',
    doc: 'Address of Redis: `redis://host:port` or `unix:/path/to/socket`.',
  }),
  listen: text(
    {
      env: 'CHAINR_LISTEN',
      default: '127.0.0.1:8082',
      doc: 'Address where notif listens: `host:port` or `unix:/path/to/socket`.',
    },
    parseAddress,
  ),
  logLevel: choice(logLevels, { env: 'CHAINR_LOG_LEVEL', default: 'info', doc: 'Lowest level that is logged.' }),
} satisfies Record<string, Setting<unknown>>;

export interface NotifConfig {
  readonly redisUrl: string;
  readonly listen: Address;
  readonly logLevel: string;
}

/** @throws SettingsError with every mistake at once */
export function readConfig(env: NodeJS.ProcessEnv): NotifConfig {
  const values = readSettings(settings, env);
  return { redisUrl: values.redisUrl, listen: parseAddress(values.listen), logLevel: values.logLevel };
}

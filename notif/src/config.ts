import { parseAddress, type Address } from '@chainr/core/service/address';
import { listenOf, logLevel, redisPassword, redisUrl } from '@chainr/core/service/common-settings';
import { withPassword } from '@chainr/core/service/redis-address';
import { readSettings, type Setting } from '@chainr/core/service/settings';

/** Every setting of notif. The documentation is printed from this table. */
export const settings = {
  redisUrl,
  redisPassword,
  listen: listenOf('notif', '127.0.0.1:8082'),
  logLevel,
} satisfies Record<string, Setting<unknown>>;

export interface NotifConfig {
  readonly redisUrl: string;
  readonly listen: Address;
  readonly logLevel: string;
}

/** @throws SettingsError with every mistake at once */
export function readConfig(env: NodeJS.ProcessEnv): NotifConfig {
  const values = readSettings(settings, env);
  return {
    redisUrl: withPassword(values.redisUrl, values.redisPassword),
    listen: parseAddress(values.listen),
    logLevel: values.logLevel,
  };
}

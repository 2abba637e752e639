import { parseAddress, type Address } from '@chainr/core/service/address';
import { archive, listenOf, logLevel, redisPassword, redisUrl } from '@chainr/core/service/common-settings';
import { withPassword } from '@chainr/core/service/redis-address';
import { named } from '@chainr/core/service/setting-kinds';
import { readSettings, type Setting } from '@chainr/core/service/settings';

/** Every setting of sched. The documentation is printed from this table. */
export const settings = {
  redisUrl,
  redisPassword,
  listen: listenOf('sched', '127.0.0.1:8081'),
  defaultPool: named({
    env: 'CHAINR_DEFAULT_POOL',
    default: 'process',
    doc: 'Pool of jobs whose pipeline names none.',
  }),
  archive,
  logLevel,
} satisfies Record<string, Setting<unknown>>;

export interface SchedConfig {
  redisUrl: string;
  listen: Address;
  defaultPool: string;
  /** Empty: none. */
  archive?: string | undefined;
  logLevel: string;
}

/** @throws SettingsError with every mistake at once */
export function readConfig(env: NodeJS.ProcessEnv): SchedConfig {
  const values = readSettings(settings, env);
  return {
    redisUrl: withPassword(values.redisUrl, values.redisPassword),
    listen: parseAddress(values.listen),
    defaultPool: values.defaultPool,
    archive: values.archive,
    logLevel: values.logLevel,
  };
}

import { parseAddress, type Address } from '@chainr/core/service/address';
import { logLevels } from '@chainr/core/service/logger';
import { choice, named, text } from '@chainr/core/service/setting-kinds';
import { readSettings, type Setting } from '@chainr/core/service/settings';

/** Every setting of sched. The documentation is printed from this table. */
export const settings = {
  redisUrl: text({
    env: 'CHAINR_REDIS_URL',
    default: 'redis://127.0.0.1:6379',
    doc: 'Address of Redis: `redis://host:port` or `unix:/path/to/socket`.',
  }),
  listen: text(
    {
      env: 'CHAINR_LISTEN',
      default: '127.0.0.1:8081',
      doc: 'Address where sched listens: `host:port` or `unix:/path/to/socket`.',
    },
    parseAddress,
  ),
  defaultPool: named({
    env: 'CHAINR_DEFAULT_POOL',
    default: 'process',
    doc: 'Pool of jobs whose pipeline names none.',
  }),
  logLevel: choice(logLevels, { env: 'CHAINR_LOG_LEVEL', default: 'info', doc: 'Lowest level that is logged.' }),
} satisfies Record<string, Setting<unknown>>;

export interface SchedConfig {
  redisUrl: string;
  listen: Address;
  defaultPool: string;
  logLevel: string;
}

/** @throws SettingsError with every mistake at once */
export function readConfig(env: NodeJS.ProcessEnv): SchedConfig {
  const values = readSettings(settings, env);
  return {
    redisUrl: values.redisUrl,
    listen: parseAddress(values.listen),
    defaultPool: values.defaultPool,
    logLevel: values.logLevel,
  };
}

import { parseAddress, type Address } from '@chainr/core/service/address';
import { logLevels } from '@chainr/core/service/logger';
import { choice, text } from '@chainr/core/service/setting-kinds';
import { readSettings, type Setting } from '@chainr/core/service/settings';

/** Every setting of ui. The documentation is printed from this table. */
export const settings = {
  listen: text(
    {
      env: 'CHAINR_LISTEN',
      default: '127.0.0.1:8083',
      doc: 'Address where ui listens: `host:port` or `unix:/path/to/socket`.',
    },
    parseAddress,
  ),
  logLevel: choice(logLevels, { env: 'CHAINR_LOG_LEVEL', default: 'info', doc: 'Lowest level that is logged.' }),
} satisfies Record<string, Setting<unknown>>;

export interface UiConfig {
  readonly listen: Address;
  readonly logLevel: string;
}

/** @throws SettingsError that lists every mistake at once */
export function readConfig(env: NodeJS.ProcessEnv): UiConfig {
  const values = readSettings(settings, env);
  return { listen: parseAddress(values.listen), logLevel: values.logLevel };
}

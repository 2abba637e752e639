import { parseAddress, type Address } from '@chainr/core/service/address';
import { listenOf, logLevel } from '@chainr/core/service/common-settings';
import { readSettings, type Setting } from '@chainr/core/service/settings';

/** Every setting of ui. The documentation is printed from this table. */
export const settings = {
  listen: listenOf('ui', '127.0.0.1:8083'),
  logLevel,
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

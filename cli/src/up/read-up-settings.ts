import { readSettings, readTogether, SettingsError, type SettingTable } from '@chainr/core/service/settings';
import { readConfig as readGateConfig, settings as gateSettings } from '@chainr/gate/service';
import { readConfig as readRecycleConfig, settings as recycleSettings } from '@chainr/recycle/service';
import { readConfig as readWorkConfig, settings as workSettings } from '@chainr/work/service';
import { settings } from '../config.js';

/** The tables of all settings of `chainr up`. If a name is in several, gate's counts: only gate listens to the network. */
export const tables: readonly SettingTable[] = [settings, gateSettings, workSettings, recycleSettings];

/** Settings of services without a meaning in `chainr up`, where all services and their Redis are on one machine. */
export const elsewhere: readonly string[] = [
  'CHAINR_REDIS_URL',
  'CHAINR_SCHED_URL',
  'CHAINR_NOTIF_URL',
  'CHAINR_UI_URL',
  'CHAINR_HOST_LOST_AFTER',
];

export type UpSettings = ReturnType<typeof readUpSettings>;

/** All settings of `chainr up`, by service. @throws SettingsError with every mistake */
export function readUpSettings(env: NodeJS.ProcessEnv) {
  return readTogether({
    up: () => readSettings(settings, env),
    gate: () => readGateConfig(env),
    work: () => readWorkConfig(env),
    recycle: () => readRecycleConfig(env),
    elsewhere: () => {
      refuseElsewhere(env);
    },
    /** Whether the user chose an executor. */
    executorNamed: () => (env[workSettings.executor.env] ?? '') !== '',
  });
}

function refuseElsewhere(env: NodeJS.ProcessEnv): void {
  const set = elsewhere.filter((name) => env[name] !== undefined && env[name] !== '');
  if (set.length === 0) return;
  throw new SettingsError(
    set.map((name) => `${name} is not for \`chainr up\`, which starts its own Redis and services: leave it out.`),
  );
}

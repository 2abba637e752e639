import { readSettings, readTogether, SettingsError, type SettingTable } from '@chainr/core/service/settings';
import { readConfig as readGateConfig, settings as gateSettings } from '@chainr/gate/service';
import { readConfig as readRecycleConfig, settings as recycleSettings } from '@chainr/recycle/service';
import { readConfig as readWorkConfig, settings as workSettings } from '@chainr/work/service';
import { settings } from '../config.js';

/** The tables of all that `chainr up` reads. Of a name in several, gate's is meant: no other one listens to the network. */
export const tables: readonly SettingTable[] = [settings, gateSettings, workSettings, recycleSettings];

/** Settings of services that have no meaning where all are in one process beside their own Redis. */
export const elsewhere: readonly string[] = [
  'CHAINR_REDIS_URL',
  'CHAINR_SCHED_URL',
  'CHAINR_NOTIF_URL',
  'CHAINR_UI_URL',
  'CHAINR_HOST_LOST_AFTER',
];

export type UpSettings = ReturnType<typeof readUpSettings>;

/** All settings of `chainr up`, as its services take them. @throws SettingsError that lists all that is wrong, each once */
export function readUpSettings(env: NodeJS.ProcessEnv) {
  return readTogether({
    up: () => readSettings(settings, env),
    gate: () => readGateConfig(env),
    work: () => readWorkConfig(env),
    recycle: () => readRecycleConfig(env),
    elsewhere: () => {
      refuseElsewhere(env);
    },
    /** Whether one is to be used whatever is here. */
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

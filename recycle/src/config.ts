import { parseAddress, type Address } from '@chainr/core/service/address';
import { logLevels } from '@chainr/core/service/logger';
import { bytes, choice, durationMs, text } from '@chainr/core/service/setting-kinds';
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
  runRetentionMs: durationMs({
    env: 'CHAINR_RUN_RETENTION',
    default: 30 * 86_400_000,
    doc: 'How long a run is kept after its end, with all that belongs to it; 0: until it is deleted.',
  }),
  logRetentionMs: durationMs({
    env: 'CHAINR_LOG_RETENTION',
    default: 0,
    doc: 'How long the logs of a run are kept after its end, where that is shorter than the run; 0: as long as the run.',
  }),
  eventRetentionMs: durationMs({
    env: 'CHAINR_EVENT_RETENTION',
    default: 7 * 86_400_000,
    doc: 'How long events are kept; who comes back with an older cursor is told to read the state anew; 0: by their size alone.',
  }),
  eventLimitBytes: bytes({
    env: 'CHAINR_EVENT_LIMIT',
    default: 256 * 1024 * 1024,
    min: 1,
    max: 1024 ** 4,
    zero: true,
    doc: 'How much memory of Redis the events take at most, by its own estimate; 0: no limit.',
  }),
  logLevel: choice(logLevels, { env: 'CHAINR_LOG_LEVEL', default: 'info', doc: 'The least level that is logged.' }),
} satisfies Record<string, Setting<unknown>>;

export interface RecycleConfig {
  readonly redisUrl: string;
  readonly listen: Address;
  /** 0: never. */
  readonly hostLostAfterMs: number;
  /** 0: for ever. */
  readonly runRetentionMs: number;
  /** 0: as long as the run. */
  readonly logRetentionMs: number;
  /** 0: for ever. */
  readonly eventRetentionMs: number;
  /** 0: no limit. */
  readonly eventLimitBytes: number;
  readonly logLevel: string;
}

/** @throws SettingsError that lists every mistake at once */
export function readConfig(env: NodeJS.ProcessEnv): RecycleConfig {
  const { listen, ...rest } = readSettings(settings, env);
  return { ...rest, listen: parseAddress(listen) };
}

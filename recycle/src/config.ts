import { parseAddress, type Address } from '@chainr/core/service/address';
import { archive, listenOf, logLevel, redisPassword, redisUrl } from '@chainr/core/service/common-settings';
import { withPassword } from '@chainr/core/service/redis-address';
import { bytes, durationMs } from '@chainr/core/service/setting-kinds';
import { readSettings, type Setting } from '@chainr/core/service/settings';

/** Every setting of recycle. The documentation is printed from this table. */
export const settings = {
  redisUrl,
  redisPassword,
  listen: listenOf('recycle', '127.0.0.1:8084'),
  hostLostAfterMs: durationMs({
    env: 'CHAINR_HOST_LOST_AFTER',
    default: 300_000,
    doc: 'How long an executor may be without any worker before its attempts count as Lost and start again elsewhere; 0: forever.',
  }),
  runRetentionMs: durationMs({
    env: 'CHAINR_RUN_RETENTION',
    default: 30 * 86_400_000,
    doc: 'How long a run and its logs are kept after its end; 0: until the run is deleted.',
  }),
  logRetentionMs: durationMs({
    env: 'CHAINR_LOG_RETENTION',
    default: 0,
    doc: 'How long the logs of a run are kept after its end, if shorter than the run is kept; 0: as long as the run.',
  }),
  archive,
  archiveAfterMs: durationMs({
    env: 'CHAINR_ARCHIVE_AFTER',
    default: 300_000,
    doc: 'How long after its end the logs of a run move to `CHAINR_ARCHIVE`.',
  }),
  eventRetentionMs: durationMs({
    env: 'CHAINR_EVENT_RETENTION',
    default: 7 * 86_400_000,
    doc: 'How long events are kept; 0: limited by size only. A client with an older cursor gets a `resync` event and must read the current state again.',
  }),
  eventLimitBytes: bytes({
    env: 'CHAINR_EVENT_LIMIT',
    default: 256 * 1024 * 1024,
    min: 1,
    max: 1024 ** 4,
    zero: true,
    doc: 'Maximum memory that events may use in Redis, as estimated by Redis; 0: no limit.',
  }),
  logLevel,
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
  /** Empty: none. */
  readonly archive?: string | undefined;
  readonly archiveAfterMs: number;
  /** 0: for ever. */
  readonly eventRetentionMs: number;
  /** 0: no limit. */
  readonly eventLimitBytes: number;
  readonly logLevel: string;
}

/** @throws SettingsError with every mistake at once */
export function readConfig(env: NodeJS.ProcessEnv): RecycleConfig {
  const { listen, redisPassword: password, ...rest } = readSettings(settings, env);
  return { ...rest, redisUrl: withPassword(rest.redisUrl, password), listen: parseAddress(listen) };
}

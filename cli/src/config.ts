import { bytes, text } from '@chainr/core/service/setting-kinds';
import type { Setting } from '@chainr/core/service/settings';

/** The settings of `chainr up` itself. The documentation is printed from this table. */
export const settings = {
  home: text({ env: 'CHAINR_HOME', default: './.chainr', doc: 'Data folder of `chainr up`.' }),
  redisMemoryBytes: bytes({
    env: 'CHAINR_REDIS_MEMORY',
    default: 0,
    min: 16 * 1024 * 1024,
    max: 1024 ** 5,
    zero: true,
    doc: 'Memory limit of the Redis that `chainr up` starts; 0: a quarter of this machine’s memory. Logs may use a quarter of it. From 80 % on, new runs are refused.',
  }),
} satisfies Record<string, Setting<unknown>>;

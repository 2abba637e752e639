import { bytes, text } from '@chainr/core/service/setting-kinds';
import type { Setting } from '@chainr/core/service/settings';

/** The settings of `chainr up` beside those of the services that it starts; their documentation is made from here. */
export const settings = {
  home: text({ env: 'CHAINR_HOME', default: './.chainr', doc: 'The data folder of `chainr up`.' }),
  redisMemoryBytes: bytes({
    env: 'CHAINR_REDIS_MEMORY',
    default: 0,
    min: 16 * 1024 * 1024,
    max: 1024 ** 5,
    zero: true,
    doc: 'How much memory the Redis that `chainr up` starts may use; 0: a quarter of this machine’s. Logs get a quarter of it, and from 80 % on new runs are refused.',
  }),
} satisfies Record<string, Setting<unknown>>;

import type { Store } from '@chainr/core/store/store';
import type { RecycleConfig } from './config.js';

/** What the sweeps share. */
export interface RecycleContext {
  readonly store: Pick<Store, 'transitions' | 'work'>;
  readonly config: Pick<RecycleConfig, 'hostLostAfterMs'>;
}

import type { BundleQueue } from '@chainr/core/queue/bundle-queue';
import type { Store } from '@chainr/core/store/store';
import type { RecycleConfig } from './config.js';

/** What the sweeps share. */
export interface RecycleContext {
  readonly store: Pick<Store, 'transitions' | 'work'>;
  readonly queue: Pick<BundleQueue, 'removeDead' | 'listMissing'>;
  readonly config: Pick<RecycleConfig, 'hostLostAfterMs'>;
}

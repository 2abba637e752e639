import type { BundleQueue } from '@chainr/core/queue/bundle-queue';
import type { Store } from '@chainr/core/store/store';
import type { RecycleConfig } from './config.js';

/** What the sweeps share. */
export interface RecycleContext {
  readonly store: Pick<
    Store,
    'transitions' | 'leases' | 'executors' | 'pools' | 'workers' | 'readyMarks' | 'runsToSweep' | 'libraries' | 'now'
  >;
  readonly queue: Pick<BundleQueue, 'removeDead' | 'listMissing' | 'remove'>;
  readonly config: Pick<RecycleConfig, 'hostLostAfterMs'>;
}

/** What the retention sweeps share. */
export interface RetentionContext {
  readonly store: Pick<Store, 'runsToSweep' | 'runs' | 'removals' | 'logs' | 'events' | 'now'>;
  readonly config: Pick<RecycleConfig, 'runRetentionMs' | 'logRetentionMs' | 'eventRetentionMs' | 'eventLimitBytes'>;
}

/** What the sweeps of the archive share. */
export interface ArchiveContext {
  readonly store: Pick<Store, 'archive' | 'runsToSweep' | 'turns' | 'now'>;
  readonly config: Pick<RecycleConfig, 'archiveAfterMs'>;
}

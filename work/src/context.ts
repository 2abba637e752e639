import { randomBytes } from 'node:crypto';
import type { FaultHook } from '@chainr/core/engine/fault-points';
import type { Logger } from '@chainr/core/service/logger';
import type { Metrics } from '@chainr/core/service/metrics';
import type { Store } from '@chainr/core/store/store';
import type { Executor } from '@chainr/executor/port';
import type { Capacity } from './capacity.js';
import type { WorkConfig } from './config.js';
import type { LeaseKeeper } from './leases/lease-keeper.js';

/** What the parts of work share. */
export interface WorkContext {
  readonly config: WorkConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly executor: Executor;
  /** The pool that this worker serves. */
  readonly pool: string;
  /** Of the executor in this pool; known once it is registered. */
  readonly executorNumber: () => number;
  /** The random token of this process in the leases that it holds. */
  readonly owner: string;
  readonly leases: LeaseKeeper;
  readonly capacity: Capacity;
  /** Reports to a test that a fault point was reached. */
  readonly reach: FaultHook;
}

export const newOwner = (): string => randomBytes(9).toString('base64url');

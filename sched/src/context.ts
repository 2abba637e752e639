import type { BundleQueue } from '@chainr/core/queue/bundle-queue';
import type { Health } from '@chainr/core/service/health';
import type { Logger } from '@chainr/core/service/logger';
import type { Store } from '@chainr/core/store/store';
import type { PipelineReader } from './pipelines/pipeline-reader.js';
import type { JobChanges } from './jobs/job-changes.js';

/** What the routes of sched share. */
export interface SchedContext {
  readonly logger: Logger;
  readonly health: Health;
  readonly store: Store;
  readonly queue: BundleQueue;
  readonly jobChanges: JobChanges;
  readonly pipelines: PipelineReader;
  /** The pool of jobs whose pipeline names none. */
  readonly defaultPool: string;
}

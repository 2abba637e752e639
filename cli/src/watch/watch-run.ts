import type { Client } from '@chainr/core/api/client/client';
import type { EventResource } from '@chainr/core/api/contract/event-resource';
import type { JobSummary, Run } from '@chainr/core/api/contract/run-resource';
import { isFinalRun } from '@chainr/core/engine/states';
import { listAllJobs } from '../server/list-all-jobs.js';

/** Who wants to know what happens to a run. */
export interface RunWatcher {
  /** An event of the run, each once and in order. */
  onEvent(event: EventResource): void;
  /** The run and all its jobs, where events were missed. */
  onState(run: Run, jobs: readonly JobSummary[]): void;
}

/**
 * Tells everything that happens to a run after a cursor, until it ends; resolves with the run as it
 * ended. Rejects when the signal aborts.
 */
export async function watchRun(
  client: Client,
  uid: string,
  after: string,
  watcher: RunWatcher,
  signal: AbortSignal,
): Promise<Run> {
  for await (const event of client.followEvents(after, signal)) {
    if (event.kind === 'resync') {
      const run = await client.getRun(uid, signal);
      watcher.onState(run, await listAllJobs(client, run, signal));
      if (isFinalRun(run.status)) return run;
    } else if (event.run === uid) {
      watcher.onEvent(event);
      if (event.kind === 'run.status' && isFinalRun(event.status)) return client.getRun(uid, signal);
    }
  }
  throw new Error('The stream of events ended, which it never does.');
}

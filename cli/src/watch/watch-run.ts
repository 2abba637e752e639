import type { Client } from '@chainr/core/api/client/client';
import type { EventResource } from '@chainr/core/api/contract/event-resource';
import type { JobSummary, Run } from '@chainr/core/api/contract/run-resource';
import { isFinalRun } from '@chainr/core/engine/states';
import { listAllJobs } from '../server/list-all-jobs.js';

/** Receives the changes of a run. */
export interface RunWatcher {
  /** Called for each event of the run, once and in order. */
  onEvent(event: EventResource): void;
  /** Called after a gap in the events, with the current state. */
  onState(run: Run, jobs: readonly JobSummary[]): void;
}

/**
 * Passes on every change of a run after a cursor until the run ends. Resolves with the ended run; rejects when the
 * signal aborts.
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

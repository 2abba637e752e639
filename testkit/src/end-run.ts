import type { Store } from '@chainr/core/store/store';
import type { RunUid } from '@chainr/core/engine/records';
import { completed } from './outcomes.js';
import { claimJob } from './claim-job.js';

export interface EndOptions {
  /** Whether the job fails. */
  fails?: boolean;
  /** The lines of its log; none by default. */
  log?: readonly string[];
}

/** Takes the only job of a run through its life: claimed, ended and closed. */
export async function endRun(store: Store, run: RunUid, { fails = false, log = [] }: EndOptions = {}): Promise<void> {
  const lease = await claimJob(store, run, 0);
  const bytes = Buffer.from(log.map((text) => `${text}\n`).join(''));
  const entry = { length: 0, bytes, position: String(log.length), end: true };
  if (log.length > 0) await store.transitions.appendLog(lease, entry);
  const outcome = fails ? ({ reason: 'ExitCode', exitCode: 1 } as const) : completed;
  await store.transitions.finish(lease, outcome, {}, { closeGraceMs: 1_000 });
}

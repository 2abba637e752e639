import type { RunUid } from '../engine/records.js';
import type { RunStatus } from '../engine/states.js';
import type { Store } from '../store/store.js';
import { noRun, type Refusal } from './refusal.js';

/** `live`: it has not ended; `log-open`: it has, and some of its logs are still being stored. */
export type DeletionOfRun = { kind: 'deleted' } | Refusal<'no-run' | 'live' | 'log-open'>;

/**
 * Deletes an ended run with its jobs and logs (see Deletion). It is gone at once; resolves when all that it kept is
 * removed too.
 *
 * @throws StoreUnavailable: it may or may not have been deleted
 */
export async function deleteEnded({ runs }: Pick<Store, 'runs'>, uid: RunUid): Promise<DeletionOfRun> {
  const reply = await runs.deleteRun(uid);
  switch (reply.kind) {
    case 'deleted':
      return { kind: 'deleted' };
    case 'gone':
      return noRun(uid);
    case 'live':
      return { kind: 'live', message: whyLiveStays(reply.status) };
    case 'open': {
      const { attempts } = reply;
      const logs = attempts === 1 ? 'the log of an attempt is' : `the logs of ${String(attempts)} attempts are`;
      return { kind: 'log-open', message: `The run has ended, but ${logs} still being stored; try again in a moment.` };
    }
  }
}

/** Why a run that has not ended is not deleted, and what to do. */
export function whyLiveStays(status: RunStatus): string {
  return `The run is ${status}: cancel it first, or wait until it has ended.`;
}

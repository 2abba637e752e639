import type { RunUid } from '../engine/records.js';
import type { Store } from '../store/store.js';
import { noRun, type Refusal } from './refusal.js';

/** `unchanged`: the run has ended, or a cancel was requested before. */
export type Canceling = { kind: 'requested' | 'unchanged' } | Refusal<'no-run'>;

/**
 * Records the request (see Cancels and stops). Workers stop the attempts that they hold. Safe to repeat.
 *
 * @throws StoreUnavailable: the request may or may not have been recorded
 */
export async function cancel({ transitions }: Pick<Store, 'transitions'>, uid: RunUid): Promise<Canceling> {
  const reply = await transitions.cancel(uid);
  if (reply === 'gone') return noRun(uid);
  return { kind: reply === 'ok' ? 'requested' : 'unchanged' };
}

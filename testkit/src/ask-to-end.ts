import { keys } from '@chainr/core/store/redis/keys';
import type { RunUid } from '@chainr/core/engine/records';
import type { OpenStore } from './open-store.js';

/** Asks a run to end: by a cancel, or because its timeout passed. */
export async function askToEnd(
  { store, client }: Pick<OpenStore, 'store' | 'client'>,
  run: RunUid,
  by: 'cancel' | 'timeout' = 'cancel',
): Promise<void> {
  if (by === 'cancel') {
    await store.transitions.cancel(run);
    return;
  }
  await client.zadd(keys.deadlines, 1, `${run}.0.0.r`);
  await store.transitions.expire();
}

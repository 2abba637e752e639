import { keys } from '@chainr/core/store/keys';
import type { RunUid } from '@chainr/core/model/records';
import type { Redis } from 'ioredis';

/** Where the two times stand in the packed state of a run (`core/src/store/layout.ts`). */
const places = { cancel: 23 + 4 * 6, timeout: 23 + 5 * 6 } as const;

/**
 * Writes a cancel or the run's timeout into the state, as a request at `time` (ms since 1970) would,
 * and nothing else: jobs that are ready and not claimed stay as they are. For a run of which no
 * transition is under way.
 */
export async function requestCancel(
  client: Redis,
  run: RunUid,
  request: keyof typeof places = 'cancel',
  time = Date.now(),
): Promise<void> {
  const state = await client.hgetBuffer(keys.run(run), 'state');
  if (!state) throw new Error(`there is no run ${run}`);
  state.writeUIntBE(time, places[request], 6);
  await client.hset(keys.run(run), 'state', state);
}

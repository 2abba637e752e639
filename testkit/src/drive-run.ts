import { formatAttemptId, parseAttemptId, type Lease } from '@chainr/core/store/redis/keys';
import type { Store } from '@chainr/core/store/store';
import type { ClaimedAttempt } from '@chainr/core/store/script/read-claim';
import type { RunUid } from '@chainr/core/engine/records';
import { completed } from './outcomes.js';
import type { Inbox } from './inbox.js';

export interface DriveOptions {
  /** Attempts held at once. */
  atOnce?: number;
  /** Whether a job fails; by default none does. */
  fails?: (index: number) => boolean;
  /** Whether ends may return a claimed dependent. */
  fuse?: boolean;
  /** The number of the executor, if it is known. */
  executor?: number;
}

const ttlMs = 60_000;

/**
 * Does a worker's part, as fast as possible, until nothing of a run is handed out any more.
 * @returns how often each attempt was claimed, by `uid.index.attempt`
 */
export async function driveRun(
  { store, inbox }: { store: Store; inbox: Inbox },
  run: RunUid,
  { atOnce = 64, fails = () => false, fuse = true, ...options }: DriveOptions = {},
): Promise<Map<string, number>> {
  const executor = options.executor ?? (await store.executors.register('fake:driver', 'fake'));
  const by = { owner: 'driver', executor, ttlMs };
  const claims = new Map<string, number>();
  const count = ({ lease }: ClaimedAttempt) => {
    const id = formatAttemptId(lease);
    claims.set(id, (claims.get(id) ?? 0) + 1);
  };
  const carry = async (id: string): Promise<void> => {
    let claimed = await store.transitions.claim(parseAttemptId(id), by);
    while (typeof claimed === 'object') {
      count(claimed);
      const next = await endAttempt(store, claimed.lease, fails(claimed.lease.index), fuse);
      if (!next) return;
      claimed = next;
    }
  };
  const underWay = new Set<Promise<void>>();
  const errors: unknown[] = [];
  for (;;) {
    if (errors.length > 0) throw errors[0];
    for (const id of inbox.take(run, atOnce - underWay.size)) {
      const carrying = carry(id)
        .catch((error: unknown) => void errors.push(error))
        .finally(() => underWay.delete(carrying));
      underWay.add(carrying);
    }
    if (underWay.size === 0) return claims;
    await Promise.race(underWay);
  }
}

/** Ends an attempt with its log and closes it. */
async function endAttempt(
  store: Store,
  lease: Lease,
  fails: boolean,
  fuse: boolean,
): Promise<ClaimedAttempt | undefined> {
  const outcome = fails ? ({ reason: 'ExitCode', exitCode: 1 } as const) : completed;
  const finished = await store.transitions.finish(lease, outcome, {}, fuse ? { fuse: { ttlMs, atMost: 1 } } : {});
  if (finished.kind === 'stale') throw new Error(`the end of ${formatAttemptId(lease)} was refused`);
  await store.transitions.appendLog(lease, { length: 0, bytes: Buffer.alloc(0), position: '', end: true });
  await store.transitions.close(lease, 1_000);
  return finished.fused[0];
}

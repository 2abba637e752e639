import { randomBytes } from 'node:crypto';
import type { Sweep } from '@chainr/core/service/sweep';
import { formatExactDuration } from '@chainr/core/pipeline/duration';
import type { Outcome } from '@chainr/core/engine/outcome';
import { markOf } from '@chainr/core/store/logs/log-format';
import type { Lease } from '@chainr/core/store/redis/keys';
import type { KnownExecutor } from '@chainr/core/store/work/executors';
import type { RecycleContext } from '../context.js';

/** Poll interval. */
const everyMs = 2_000;
/**
 * An executor counts as present for so long after a worker's last sign. Workers send one every two seconds by default.
 */
const presentMs = 10_000;
/** The most attempts of one executor that one pass gives up. */
const attemptsPerPass = 100;
/** The lease time for the work on one attempt. */
const ttlMs = 30_000;
/** The grace before the remains are due. The name cannot be taken anew: the next attempt has another number. */
const graceMs = 60_000;

/**
 * Gives up an executor that had no worker of a pool for too long: the one restart without proof (see Where attempts run). Only
 * time counts in which this sweep ran and Redis answered.
 */
export function failAttemptsOfLostHosts(
  { store, config }: RecycleContext,
  monotonicMs = () => performance.now(),
): Sweep {
  const unseenMs = new Map<number, number>();
  const owner = `recycle-${randomBytes(6).toString('base64url')}`;
  let lastPass: number | undefined;
  return {
    name: 'fail-attempts-of-lost-hosts',
    window: 'A host that is gone, with all its workers and what they ran, leaves attempts that nobody can adopt.',
    everyMs,
    sweep: async () => {
      if (config.hostLostAfterMs === 0) return { changed: 0 };
      const [executors, now] = await Promise.all([store.executors.list(), store.now()]);
      const pass = monotonicMs();
      const passedMs = Math.min(pass - (lastPass ?? pass), 2 * everyMs);
      lastPass = pass;
      let changed = 0;
      for (const executor of executors) {
        const unseen = now - executor.seenAt < presentMs ? 0 : (unseenMs.get(executor.number) ?? 0) + passedMs;
        unseenMs.set(executor.number, unseen);
        if (unseen >= config.hostLostAfterMs) changed += await giveUp(executor);
      }
      return { changed };
    },
  };

  async function giveUp(executor: KnownExecutor): Promise<number> {
    const expired = await store.leases.listExpired(executor.number, attemptsPerPass);
    for (const { lease } of expired) await lose(executor, lease);
    return expired.length;
  }

  async function lose({ number, id, pool }: KnownExecutor, lease: Lease): Promise<void> {
    const { transitions } = store;
    const adopted = await transitions.adopt(lease, { owner, executor: number, ttlMs, ownerGone: false });
    if (typeof adopted === 'string') return;
    let { logLength } = adopted;
    if (!adopted.logEnded) {
      const text = `The log is cut here: ${id} had no worker of the pool ${pool} for ${formatExactDuration(config.hostLostAfterMs)}.`;
      const pieces = [markOf(text, await store.now())];
      const { ended: end, position } = adopted;
      const appended = await transitions.appendLog(adopted.lease, { length: logLength, pieces, position, end });
      if (appended.kind !== 'ok') return;
      logLength = appended.length;
    }
    if (adopted.ended) {
      await transitions.close(adopted.lease, graceMs);
      return;
    }
    const outcome: Outcome = { reason: 'Lost', message: `${id} has no worker of the pool ${pool} any more.` };
    const again = await transitions.retry(adopted.lease, outcome, {}, { removalGraceMs: graceMs, logLength });
    // If Redis lost a part of the log, the next pass stores the mark again.
    if (again === 'final') await transitions.finish(adopted.lease, outcome, {}, { closeGraceMs: graceMs, logLength });
  }
}

import { randomUUID } from 'node:crypto';
import type { RunUid } from '@chainr/core/engine/records';
import { asError } from '@chainr/core/async/as-error';
import type { Sweep, Swept } from '@chainr/core/service/sweep';
import type { LogArchive } from '@chainr/core/store/logs/log-archive';
import type { ArchiveContext } from '../context.js';

/** Poll interval. */
const everyMs = 5_000;
/** Runs handled in one batch, in parallel: an object store answers slowly, but takes many requests at once. */
const page = 16;
/** The most postponed runs of one pass. */
const postponedPerPass = 64;
/** The pause before the next try of a run whose logs could not move. */
const postponeMs = 60_000;
/** How long one replica does this without asking again; a second one only repeats the same work. */
const turnMs = 60_000;

/**
 * Moves the logs of runs that ended long enough ago from Redis into the archive (see Archive). It passes through the runs
 * once, by the time of their end. A run that cannot move in its turn is noted and tried again; if none of a batch can, the
 * archive is probably away, and the pass ends where it is.
 */
export function archiveLogs({ store, config: { archiveAfterMs } }: ArchiveContext): Sweep {
  const owner = randomUUID();

  async function pass(archive: LogArchive, signal: AbortSignal): Promise<Swept> {
    const now = await store.now();
    const until = now - archiveAfterMs;
    let changed = 0;

    async function move(uid: RunUid): Promise<{ uid: RunUid; error?: Error }> {
      try {
        const moved = await archive.move(uid, signal);
        if (moved === 'open') await archive.postpone(uid, now + postponeMs);
        else await archive.forgetPostponed(uid);
        if (typeof moved === 'number') changed += moved;
        return { uid };
      } catch (error) {
        return { uid, error: asError(error) };
      }
    }

    /** @returns the runs that could not move, with the error of each */
    async function moveAll(uids: readonly RunUid[]): Promise<{ uid: RunUid; error: Error }[]> {
      const results = await Promise.all(uids.map(move));
      return results.flatMap(({ uid, error }) => (error ? [{ uid, error }] : []));
    }
    const postponeAll = (failed: readonly { uid: RunUid }[]) =>
      Promise.all(failed.map(({ uid }) => archive.postpone(uid, now + postponeMs)));

    let failure: Error | undefined;
    const postponed = await archive.listPostponed({ until: now, limit: postponedPerPass });
    for (let at = 0; at < postponed.length && !signal.aborted; at += page) {
      const failed = await moveAll(postponed.slice(at, at + page));
      failure ??= failed[0]?.error;
      await postponeAll(failed);
    }
    let from = await archive.movedTo();
    let skip = 0;
    while (!signal.aborted && (await store.turns.take('archive-logs', owner, turnMs))) {
      const ended = await store.runsToSweep.listEnded({ from, until, skip, limit: page });
      const [first, last] = [ended[0], ended.at(-1)];
      if (!first || !last) break;
      const failed = await moveAll(ended.map(({ uid }) => uid));
      failure ??= failed[0]?.error;
      if (failure && failed.length === ended.length) return { changed, lagMs: until - first.endedAt, failure };
      await postponeAll(failed);
      // Several runs may have ended at the same time as the last one of the page.
      skip = last.endedAt === from ? skip + ended.length : 0;
      from = last.endedAt;
      await archive.setMovedTo(from);
      if (ended.length < page) break;
    }
    return { changed, ...(failure && { failure }) };
  }

  return {
    name: 'archive-logs',
    window:
      'Finished logs stay in the memory of Redis; a process killed while it moves one leaves an object that Redis does not know, or parts in Redis of a log that has its object.',
    everyMs,
    sweep: async (signal) => {
      const { archive } = store;
      if (!archive || !(await store.turns.take('archive-logs', owner, turnMs))) return { changed: 0 };
      return pass(archive, signal);
    },
  };
}

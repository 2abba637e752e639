import type { Sweep, Swept } from '@chainr/core/service/sweep';
import type { ReadyMark } from '@chainr/core/store/work/ready-marks';
import type { RecycleContext } from '../context.js';

/** Poll interval. */
const everyMs = 5_000;
/** The message of a younger mark may still be on its way. */
const overdueMs = 30_000;
/** Marks examined in one batch. */
const page = 500;
/** The most batches of one pool in one pass. */
const pagesPerPass = 10;

/**
 * A ready mark is cleared by the claim, not by enqueueing, and BullMQ's state is only a hint (see Ready marks). A mark
 * without a message is handed out again, in a new message.
 */
export function redeliverMarks({ store, queue }: RecycleContext): Sweep {
  /** For each pool, how many marks were found in order: they must not hide those behind them. */
  const passedBy = new Map<string, number>();

  /** @returns how many marks of a page were repaired, and whether more follow */
  async function sweepPage(pool: string, before: number): Promise<{ lost: ReadyMark[]; more: boolean }> {
    const skip = passedBy.get(pool) ?? 0;
    const marks = await store.readyMarks.listWithMessages(pool, { before, skip, limit: page });
    const messages = marks.flatMap(({ message }) => message ?? []);
    const missing = await queue.listMissing(pool, new Set(messages));
    const lost = marks.filter(({ message }) => message === undefined || missing.has(message));
    await store.transitions.redeliver(
      pool,
      lost.map(({ id }) => id),
    );
    // Repaired marks have left this place in the list.
    const more = marks.length === page;
    passedBy.set(pool, more ? skip + marks.length - lost.length : 0);
    return { lost, more };
  }

  async function sweepPool(pool: string, now: number, signal: AbortSignal): Promise<Swept> {
    let changed = await queue.removeDead(pool);
    let lagMs = 0;
    for (let pages = 0; pages < pagesPerPass && !signal.aborted; pages += 1) {
      const { lost, more } = await sweepPage(pool, now - overdueMs);
      changed += lost.length;
      for (const { markedAt } of lost) lagMs = Math.max(lagMs, now - markedAt);
      if (!more) break;
    }
    return { changed, lagMs };
  }

  return {
    name: 'redeliver-marks',
    window:
      'A process killed between the commit that marks an id ready and the enqueueing of its message, or between the fetching of a message and the claim of its ids, leaves a mark without message; so does a queue that lost its tail with Redis.',
    everyMs,
    sweep: async (signal) => {
      const now = await store.now();
      const total = { changed: 0, lagMs: 0 };
      for (const pool of await store.pools.list()) {
        const { changed, lagMs = 0 } = await sweepPool(pool, now, signal);
        total.changed += changed;
        total.lagMs = Math.max(total.lagMs, lagMs);
      }
      return total;
    },
  };
}

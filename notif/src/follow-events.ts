import type { Cursor } from '@chainr/core/model/records';
import type { NotifContext } from './context.js';
import { eventLine, resyncLine, type Line } from './event-line.js';

/** How many events are taken at once; bounds what a client costs in memory. */
const batchSize = 500;

/**
 * Every event after a cursor, each once and in order, first from the store, then as they come.
 *
 * A client has nothing but its cursor: what is newer is taken from the tail's recent events if
 * they reach back so far, else from the store. So there is no seam between history and live where
 * an event could fall through or come twice (invariant I6), and a slow client keeps nothing
 * waiting in memory. Ends when the signal aborts.
 */
export async function* followEvents(
  { events, tail }: Pick<NotifContext, 'events' | 'tail'>,
  after: Cursor,
  signal: AbortSignal,
): AsyncGenerator<readonly Line[], void, void> {
  let cursor = after;
  // No generation is negative: the first look is always at the store, which knows whether the cursor stands.
  let generation = -1;
  while (!signal.aborted) {
    const { version } = tail;
    const recent = generation === tail.generation ? tail.recent.after(cursor, batchSize) : undefined;
    generation = tail.generation;
    const lines = recent ?? (await readStored(cursor));
    const last = lines.at(-1);
    if (last) {
      cursor = last.cursor;
      yield lines;
    } else {
      await tail.changedSince(version, signal);
    }
  }

  async function readStored(from: Cursor): Promise<readonly Line[]> {
    const page = await events.readEvents(from, batchSize);
    return page.resync ? [resyncLine(page.cursor)] : page.events.map(eventLine);
  }
}

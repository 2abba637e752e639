import { setTimeout as pause } from 'node:timers/promises';
import type { Cursor } from '@chainr/core/engine/records';
import { StoreUnavailable } from '@chainr/core/store/redis/errors';
import type { NotifContext } from './context.js';
import { eventLine, resyncLine, type Line } from './event-line.js';

/** How many events are taken at once; bounds what a client costs in memory. */
const batchSize = 500;

/** How long a client waits that the store has nothing for, or does not answer, and that cannot go over to the tail yet. */
const askAgainMs = 500;

/** How a client stands to the tail. */
interface Place {
  /** It has what the store had, and takes what comes from the tail. */
  isLive: boolean;
  /** It is to be told to read the state anew. */
  mustResync: boolean;
  /** The tail's, when it was looked at last. */
  generation: number;
}

/**
 * Every event after a cursor, each once and in order, first from the store, then as they come.
 *
 * A client has nothing but its cursor: what is newer is taken from the tail's recent events if
 * they reach back so far, else from the store. So there is no seam between history and live where
 * an event could fall through or come twice (see Gapless events), and a slow client keeps nothing
 * waiting in memory. Ends when the signal aborts.
 *
 * A Redis that comes back without its newest writes knows less than the tail has seen (see Rollback). So a client begins in
 * the store, goes over to the tail once it has all and the store still knows where the tail stands, and waits while
 * the tail is not sure of that itself.
 */
export async function* followEvents(
  { events, tail }: Pick<NotifContext, 'events' | 'tail'>,
  after: Cursor,
  signal: AbortSignal,
): AsyncGenerator<readonly Line[], void, void> {
  let cursor = after;
  const place: Place = { isLive: false, mustResync: false, generation: tail.generation };
  while (!signal.aborted) {
    const { version } = tail;
    if (place.generation !== tail.generation && place.isLive) {
      // It may have what the tail has lost, also where an entry with the id of its cursor stands.
      place.isLive = false;
      place.mustResync = true;
    }
    place.generation = tail.generation;
    const lines = await readNext();
    const last = lines?.at(-1);
    if (lines && last) {
      cursor = last.cursor;
      yield lines;
    } else if (lines && place.isLive) await tail.changedSince(version, signal);
    else await pause(askAgainMs, undefined, { signal }).catch(() => undefined); // Only an abort ends it early.
  }

  /** Undefined: Redis is away. Who follows is not sent away for that. */
  async function readNext(): Promise<readonly Line[] | undefined> {
    if (place.isLive && !tail.isSure) return [];
    const recent = place.isLive ? tail.recent.after(cursor, batchSize) : undefined;
    if (recent) return recent;
    try {
      const lines = place.mustResync ? [resyncLine(await events.lastCursor())] : await readStored();
      if (!place.isLive && lines.length < batchSize) place.isLive = await events.stands(tail.cursor);
      place.mustResync = false;
      return lines;
    } catch (error) {
      if (error instanceof StoreUnavailable) return undefined;
      throw error;
    }
  }

  async function readStored(): Promise<readonly Line[]> {
    const page = await events.readEvents(cursor, batchSize);
    return page.resync ? [resyncLine(page.cursor)] : page.events.map(eventLine);
  }
}

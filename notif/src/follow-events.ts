import { setTimeout as pause } from 'node:timers/promises';
import type { Cursor } from '@chainr/core/engine/records';
import { StoreUnavailable } from '@chainr/core/store/redis/errors';
import type { NotifContext } from './context.js';
import { eventLine, resyncLine, type Line } from './event-line.js';

/** Events read in one batch. This bounds the memory of a client. */
const batchSize = 500;

/** The pause of a client that got nothing from the store, or no answer, and cannot switch to the tail yet. */
const askAgainMs = 500;

/** A client's position relative to the tail. */
interface Place {
  /** It has everything from the store, and reads from the tail. */
  isLive: boolean;
  /** It must be told to read the state anew. */
  mustResync: boolean;
  /** The tail's generation when the client last looked. */
  generation: number;
}

/**
 * Yields every event after a cursor, each once and in order, first from the store, then as they come.
 * The state of a client is only its cursor. Newer events come from the tail's recent events if these reach back far
 * enough, else from the store. So no event can be lost or doubled between history and live (see Gapless events), and a
 * slow client holds nothing in memory. Ends when the signal aborts.
 * A Redis that comes back without its newest writes knows less than the tail has seen (see Rollback). So a client
 * begins in the store, switches to the tail once it has everything and the store still has the tail's last event, and
 * waits while the tail itself is not sure of that.
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
      // It may have events that the tail has lost, even if an entry with the id of its cursor exists.
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
    else await pause(askAgainMs, undefined, { signal }).catch(() => undefined); // Only an abort ends the pause early.
  }

  /** Undefined: Redis is away. A follower is not disconnected for that. */
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

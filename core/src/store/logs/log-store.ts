import type { Redis } from 'ioredis';
import type { RunUid } from '../../engine/records.js';
import { lastLinesMs } from '../../pipeline/limits.js';
import { keys } from '../redis/keys.js';
import { attemptFlags, unpackRow } from '../script/layout.js';
import type { LogPage } from './log-page.js';
import { LogTail } from './log-tail.js';
import { LogReader, type LogObjects } from './log-reader.js';
import { endOfCharacters, type LogExtent, type PageWish } from './read-log-page.js';
import type { Subscriptions } from '../redis/subscriptions.js';
import { retryUntilAvailable, translateRedisErrors } from '../redis/translate-redis-errors.js';

/** How much a follower reads at once. */
const followBytes = 256 * 1024;
/** Large enough for any UTF-8 character. */
const leastPageBytes = 4;

/**
 * The state of an attempt's log: growing while its container writes, ending while the last bytes are on their way,
 * ended when everything is stored.
 */
type LogStanding = 'growing' | 'ending' | 'ended';

interface LogLook extends LogExtent {
  standing: LogStanding;
}

interface SharedTail {
  tail: LogTail;
  followers: number;
}

/** Where the logs of a run are. */
export interface LogPlaces {
  /** When they were removed, which may be long before the run is. */
  removedAt?: number;
  /** All of them have ended, and some may be in the archive. */
  inArchive: boolean;
}

/** Reads logs, live or finished, in Redis or in the archive, with the same calls. */
export class LogStore {
  readonly #archive: LogObjects | undefined;
  readonly #connection: Redis;
  readonly #subscriptions: Subscriptions;
  readonly #tails = new Map<string, SharedTail>();

  constructor(connection: Redis, subscriptions: Subscriptions, archive?: LogObjects) {
    this.#archive = archive;
    this.#connection = connection;
    this.#subscriptions = subscriptions;
  }

  /**
   * Reads at most `maxBytes` from `offset` on. If more is stored, the page ends at the end of a line, if it contains
   * one. Undefined if the attempt does not exist.
   */
  async read(
    uid: RunUid,
    jobIndex: number,
    attempt: number,
    { offset, maxBytes }: { offset: number; maxBytes: number },
  ): Promise<LogPage | undefined> {
    return translateRedisErrors(() => this.#read(uid, jobIndex, attempt, { offset, maxBytes }));
  }

  /**
   * How far a log can be read at the moment: to its last complete character, or with `exact` to its last byte. Costs a
   * few commands whatever the log's length. Undefined if the attempt does not exist.
   */
  async measure(
    uid: RunUid,
    jobIndex: number,
    attempt: number,
    { offset, exact }: { offset: number; exact: boolean },
  ): Promise<{ nextOffset: number; ended: boolean } | undefined> {
    return translateRedisErrors(async () => {
      const look = await this.#look(uid, jobIndex, attempt);
      if (!look) return undefined;
      const { length, standing } = look;
      if (offset >= length) return { nextOffset: length, ended: standing === 'ended' };
      if (exact || standing === 'ended') return { nextOffset: length, ended: standing === 'ended' };
      const { stored } = this.#reader(uid, jobIndex, attempt);
      return { nextOffset: await endOfCharacters(stored, offset, length), ended: false };
    });
  }

  /** The pages of a stored range. Waits for Redis if it stops answering. @throws ArchiveUnavailable */
  async *stretch(
    uid: RunUid,
    jobIndex: number,
    attempt: number,
    { from, to, pageBytes }: { from: number; to: number; pageBytes: number },
    signal: AbortSignal,
  ): AsyncGenerator<LogPage> {
    const reader = this.#reader(uid, jobIndex, attempt);
    let place: Pick<PageWish, 'offset' | 'frame'> = { offset: from };
    while (place.offset < to) {
      const { offset } = place;
      const end = Math.min(to, offset + Math.max(pageBytes, leastPageBytes));
      const wish = { ...place, to: end, goesOn: end < to ? ('here' as const) : (false as const) };
      const read = async () => reader.page(await reader.extent(), wish);
      const { page, frame } = await retryUntilAvailable(read, signal);
      yield { ...page, ended: false };
      signal.throwIfAborted();
      place = { offset: page.nextOffset, frame };
    }
  }

  /**
   * Yields pages as they come, until the end mark; ends quietly when aborted. Yields nothing for an unknown attempt.
   * Followers of one log share its newest pages: Redis is asked once.
   * @throws StoreUnavailable if Redis is away at the beginning and the reader is not `patient`; later outages are
   * waited for
   */
  async *follow(
    uid: RunUid,
    jobIndex: number,
    attempt: number,
    { offset, patient = false }: { offset: number; patient?: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<LogPage> {
    const look = () => this.#look(uid, jobIndex, attempt);
    if (!(await (patient ? retryUntilAvailable(look, signal) : translateRedisErrors(look)))) return;
    const key = keys.log(uid, jobIndex, attempt);
    const shared = this.#join(key, { uid, jobIndex, attempt });
    const { tail } = shared;
    try {
      for (let at = offset; !signal.aborted;) {
        const page = tail.pageAt(at);
        if (page) {
          yield page;
          at = page.nextOffset;
          if (page.ended) return;
        } else if (tail.isReady && at < tail.end) {
          const to = at < tail.start ? tail.start : tail.pageAround(at);
          for await (const old of this.stretch(
            uid,
            jobIndex,
            attempt,
            { from: at, to, pageBytes: followBytes },
            signal,
          ))
            yield old;
          at = to;
        } else if (tail.isOver) {
          return;
        } else {
          at = tail.isReady ? Math.min(at, tail.end) : at;
          await tail.next(signal);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#leave(key, shared);
    }
  }

  /**
   * Waits for the last bytes of an attempt that has ended. They are stored a moment after its outcome, and a reader who
   * opens the log when the run ends should get all of it. Returns at once while the attempt runs, and after a few
   * seconds if its worker is gone and the bytes come with an adoption.
   */
  async untilComplete(uid: RunUid, jobIndex: number, attempt: number, signal: AbortSignal): Promise<void> {
    const isEnding = async () => (await this.#look(uid, jobIndex, attempt))?.standing === 'ending';
    if (!(await translateRedisErrors(isEnding))) return;
    const enough = AbortSignal.any([signal, AbortSignal.timeout(lastLinesMs)]);
    const word = await this.#subscriptions.listen(keys.log(uid, jobIndex, attempt));
    try {
      while (!enough.aborted) {
        const heard = word.next(lastLinesMs, enough);
        if (!(await translateRedisErrors(isEnding))) return;
        await heard;
      }
    } finally {
      await word.close();
    }
  }

  async places(uid: RunUid): Promise<LogPlaces> {
    const read = () => this.#connection.hmget(keys.run(uid), 'logsRemovedAt', 'archivedFrom');
    const [removedAt, archivedFrom] = await translateRedisErrors(read);
    return { ...(removedAt && { removedAt: Number(removedAt) }), inArchive: Boolean(archivedFrom) };
  }

  /** The logs of runs that ended before this time are removed; milliseconds since 1970. */
  async expiredTo(): Promise<number> {
    return Number((await translateRedisErrors(() => this.#connection.hget(keys.counters, 'logsExpiredTo'))) ?? 0);
  }

  async setExpiredTo(time: number): Promise<void> {
    await translateRedisErrors(() => this.#connection.hset(keys.counters, 'logsExpiredTo', time));
  }

  async #read(
    uid: RunUid,
    jobIndex: number,
    attempt: number,
    { offset, maxBytes }: { offset: number; maxBytes: number },
  ): Promise<LogPage | undefined> {
    const reader = this.#reader(uid, jobIndex, attempt);
    const look = await this.#look(uid, jobIndex, attempt, reader);
    if (!look) return undefined;
    const { length, standing } = look;
    const from = Math.min(offset, length);
    const to = Math.min(from + Math.max(maxBytes, leastPageBytes), length);
    const isLast = to === length;
    if (from === to) return { ...emptyPage(from), ended: standing === 'ended' };
    const goesOn = isLast ? (standing === 'ended' ? false : 'later') : 'here';
    const { page } = await reader.page(look, { offset: from, to, goesOn });
    return { ...page, ended: standing === 'ended' && page.nextOffset === length };
  }

  /**
   * Undefined if the attempt was never claimed. The end mark is read before the length, so a length reported as the end
   * is final.
   */
  async #look(
    uid: RunUid,
    jobIndex: number,
    attempt: number,
    reader = this.#reader(uid, jobIndex, attempt),
  ): Promise<LogLook | undefined> {
    const [current, extent] = await Promise.all([
      this.#connection.hgetBuffer(keys.run(uid), String(jobIndex)),
      reader.extent(),
    ]);
    const standing = current ? standingOf(current, attempt) : undefined;
    return standing && { ...extent, standing };
  }

  #reader(uid: RunUid, jobIndex: number, attempt: number): LogReader {
    return new LogReader(this.#connection, { uid, jobIndex, attempt }, this.#archive);
  }

  #join(key: string, { uid, jobIndex, attempt }: { uid: RunUid; jobIndex: number; attempt: number }): SharedTail {
    const known = this.#tails.get(key);
    // A failed tail stays with its followers. A newcomer starts a new one.
    if (known && !known.tail.hasFailed) {
      known.followers += 1;
      return known;
    }
    const tail = new LogTail({
      listen: () => this.#subscriptions.listen(key),
      end: async (signal) => {
        const measure = () => this.measure(uid, jobIndex, attempt, { offset: 0, exact: false });
        return (await retryUntilAvailable(measure, signal))?.nextOffset;
      },
      read: (offset, signal) =>
        retryUntilAvailable(() => this.#read(uid, jobIndex, attempt, { offset, maxBytes: followBytes }), signal),
    });
    const shared = { tail, followers: 1 };
    this.#tails.set(key, shared);
    return shared;
  }

  #leave(key: string, shared: SharedTail): void {
    shared.followers -= 1;
    if (shared.followers > 0) return;
    shared.tail.stop();
    if (this.#tails.get(key) === shared) this.#tails.delete(key);
  }
}

const emptyPage = (offset: number): LogPage => {
  return { offset, nextOffset: offset, bytes: Buffer.alloc(0), frames: [], ended: false };
};

function standingOf(current: Buffer, attempt: number): LogStanding | undefined {
  const { section } = unpackRow(current);
  if (!section || attempt > section.attempt || attempt < 1) return undefined;
  if (attempt < section.attempt) return 'ended';
  const { claimedAt, endedAt } = section.phases;
  if (claimedAt === undefined) return undefined;
  if ((section.flags & attemptFlags.logEnded) !== 0) return 'ended';
  return endedAt === undefined ? 'growing' : 'ending';
}

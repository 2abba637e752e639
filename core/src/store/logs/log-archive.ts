import type { Redis } from 'ioredis';
import type { RunUid } from '../../engine/records.js';
import type { ObjectContent } from '../../objects/object-store.js';
import { LogRemoved } from '../redis/errors.js';
import { keys, logPartBytes } from '../redis/keys.js';
import { repliesOf } from '../redis/replies-of.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';
import { unpackRow, unpackState } from '../script/layout.js';
import type { Removals } from '../script/removals.js';
import { LogReader, logObjectName, sizeOfLog, type LogObjects, type LogPlace } from './log-reader.js';
import type { LogExtent } from './read-log-page.js';

/** Rows read at once. */
const rowsPage = 100;
/** Logs of which is asked at once whether they are in Redis. */
const logsPage = 100;

/** Objects of a run that is gone; removed twice (see Archive). */
export interface ObjectRemoval {
  /** Identifies it. */
  member: string;
  dueAt: number;
}

/** The logs that move out of Redis, and what is kept of that (see Archive). Each method is safe to repeat. */
export class LogArchive {
  readonly #connection: Redis;
  readonly #removals: Removals;
  readonly #archive: LogObjects;

  constructor(connection: Redis, removals: Removals, archive: LogObjects) {
    this.#connection = connection;
    this.#removals = removals;
    this.#archive = archive;
  }

  /**
   * Moves all logs of a final run: each is read from its object as soon as that is durable, and then freed in Redis.
   * Needs about two parts of a log in memory. `open`: the run is not final, or one of its attempts is not closed.
   * @returns how many logs were moved; `gone` also if the logs are removed
   * @throws ObjectStoreUnavailable: what was not moved is still in Redis
   */
  async move(uid: RunUid, signal: AbortSignal): Promise<number | 'open' | 'gone'> {
    const [state, removedAt] = await this.#read(() => this.#connection.hmgetBuffer(keys.run(uid), 'state', 'logsRemovedAt')); // prettier-ignore
    if (!state || removedAt) return 'gone';
    const { endedAt, open } = unpackState(state);
    if (endedAt === undefined || open > 0) return 'open';
    try {
      return await this.#moveLogs(uid, signal);
    } catch (error) {
      // It was deleted meanwhile: that has noted that its objects are to be removed.
      if (error instanceof LogRemoved) return 'gone';
      throw error;
    }
  }

  async #moveLogs(uid: RunUid, signal: AbortSignal): Promise<number | 'open' | 'gone'> {
    let moved = 0;
    for await (const { place, extent } of this.#listLogs(uid)) {
      if (moved === 0) {
        const begun = await this.#removals.beginArchive(uid);
        if (begun !== 'done') return begun;
      }
      if (!extent.archived) await this.#archive.objects.put(logObjectName(this.#archive, place), this.#contentOf(place, extent), signal); // prettier-ignore
      if ((await this.#removals.archiveLog(uid, place.jobIndex, place.attempt)) === 'gone') return 'gone';
      moved += 1;
    }
    return moved;
  }

  /** The logs of runs that ended before this time have had their turn; milliseconds since 1970. */
  async movedTo(): Promise<number> {
    return Number((await this.#read(() => this.#connection.hget(keys.counters, 'logsArchivedTo'))) ?? 0);
  }

  async setMovedTo(time: number): Promise<void> {
    await this.#read(() => this.#connection.hset(keys.counters, 'logsArchivedTo', time));
  }

  /** Notes that the logs of a run could not move in their turn; to be called before `setMovedTo`. */
  async postpone(uid: RunUid, until: number): Promise<void> {
    await this.#read(() => this.#connection.zadd(keys.archivePostponed, until, uid));
  }

  async forgetPostponed(uid: RunUid): Promise<void> {
    await this.#read(() => this.#connection.zrem(keys.archivePostponed, uid));
  }

  /** Postponed runs whose next try is due, oldest first. */
  async listPostponed({ until, limit }: { until: number; limit: number }): Promise<RunUid[]> {
    return this.#read(() => this.#connection.zrange(keys.archivePostponed, 0, String(until), 'BYSCORE', 'LIMIT', 0, limit)); // prettier-ignore
  }

  /** Removals of objects that are due, oldest first. */
  async listRemovals({ until, limit }: { until: number; limit: number }): Promise<ObjectRemoval[]> {
    const range = [keys.objectRemovals, 0, String(until), 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES'] as const;
    const found = await this.#read(() => this.#connection.zrange(...range));
    return Array.from({ length: found.length / 2 }, (_, at) => ({
      member: found[at * 2] ?? '',
      dueAt: Number(found[at * 2 + 1]),
    }));
  }

  /** @throws ObjectStoreUnavailable: it stays due */
  async removeObjects({ member }: ObjectRemoval): Promise<void> {
    const [uid = ''] = member.split('.');
    await this.#archive.objects.remove(this.#archive.prefixOf(uid));
    await this.#read(() => this.#connection.zrem(keys.objectRemovals, member));
  }

  /** The logs of which Redis has more than the lengths. */
  async *#listLogs(uid: RunUid): AsyncGenerator<{ place: LogPlace; extent: LogExtent }> {
    for (let from = 0; ; from += rowsPage) {
      const fields = Array.from({ length: rowsPage }, (_, at) => String(from + at));
      const rows = await this.#read(() => this.#connection.hmgetBuffer(keys.run(uid), ...fields));
      const places = rows.flatMap((row, at) => {
        const last = row ? (unpackRow(row).section?.attempt ?? 0) : 0;
        return Array.from({ length: last }, (_, before) => ({ uid, jobIndex: from + at, attempt: before + 1 }));
      });
      for (let at = 0; at < places.length; at += logsPage)
        yield* await this.#onlyStored(places.slice(at, at + logsPage));
      if (!rows.at(-1)) return;
    }
  }

  async #onlyStored(places: readonly LogPlace[]): Promise<{ place: LogPlace; extent: LogExtent }[]> {
    const pipeline = this.#connection.pipeline();
    for (const { uid, jobIndex, attempt } of places) pipeline.hmget(keys.log(uid, jobIndex, attempt), 'length', 'archived', 'keptBytes'); // prettier-ignore
    const found = (await this.#read(() => repliesOf(pipeline))) as (string | null)[][];
    const stored = places.filter((_, at) => {
      const [length, archived, kept] = found[at] ?? [];
      return Number(length ?? 0) > 0 && (!archived || kept);
    });
    return Promise.all(
      stored.map(async (place) => ({ place, extent: await this.#read(() => this.#readerOf(place).extent()) })),
    );
  }

  /** The bytes and behind them the frames, exactly as stored (ADR 11), part by part. */
  #contentOf(place: LogPlace, extent: LogExtent): ObjectContent {
    const { stored } = this.#readerOf(place);
    const { length, frames } = extent;
    async function* chunks(): AsyncGenerator<Buffer> {
      for (let at = 0; at < length; at += logPartBytes)
        yield await translateRedisErrors(() => stored.bytes(at, Math.min(at + logPartBytes, length)));
      if (typeof frames !== 'number') yield frames;
      else
        for (let at = 0; at < frames; at += logPartBytes)
          yield await translateRedisErrors(() => stored.frames(at, Math.min(at + logPartBytes, frames)));
    }
    return { size: sizeOfLog(extent), chunks };
  }

  #readerOf(place: LogPlace): LogReader {
    return new LogReader(this.#connection, place, this.#archive);
  }

  #read<T>(commands: () => Promise<T>): Promise<T> {
    return translateRedisErrors(commands);
  }
}

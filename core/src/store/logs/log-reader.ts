import type { Redis } from 'ioredis';
import type { RunUid } from '../../engine/records.js';
import type { ObjectStore } from '../../objects/object-store.js';
import { ArchiveUnavailable, LogRemoved } from '../redis/errors.js';
import { keys } from '../redis/keys.js';
import type { LogPage } from './log-page.js';
import { archivedLog, storedLog, type LogSource } from './log-source.js';
import { readLogPage, type LogExtent, type PageWish } from './read-log-page.js';

/** The log of one attempt. */
export interface LogPlace {
  uid: RunUid;
  jobIndex: number;
  attempt: number;
}

/** Where finished logs may be, apart from Redis. */
export interface LogObjects {
  readonly objects: ObjectStore;
  /** What the names of all objects of a run begin with. */
  readonly prefixOf: (uid: RunUid) => string;
}

/** The name of the object with the log of an attempt. */
export const logObjectName = ({ prefixOf }: LogObjects, { uid, jobIndex, attempt }: LogPlace): string =>
  `${prefixOf(uid)}${String(jobIndex)}.${String(attempt)}`;

/** Reads one log from wherever it is. */
export class LogReader {
  readonly #connection: Redis;
  readonly #place: LogPlace;
  readonly #key: string;
  readonly #archive: LogObjects | undefined;
  #archived: LogSource | undefined;

  constructor(connection: Redis, place: LogPlace, archive: LogObjects | undefined) {
    this.#connection = connection;
    this.#place = place;
    this.#key = keys.log(place.uid, place.jobIndex, place.attempt);
    this.#archive = archive;
  }

  /** All that is known of a log without a byte is 0. */
  async extent(): Promise<LogExtent> {
    const fields = ['length', 'frames', 'first', 'archived'] as const;
    const [length, frames, first, archived] = await this.#connection.hmgetBuffer(this.#key, ...fields);
    return {
      length: Number(length ?? 0),
      frames: frames ? Number(frames) : (first ?? Buffer.alloc(0)),
      archived: archived !== null && archived !== undefined,
    };
  }

  /** What is left of it in Redis. */
  get stored(): LogSource {
    return storedLog(this.#connection, this.#key);
  }

  /**
   * Reads a page, also while the log moves into the archive.
   * @throws ArchiveUnavailable, LogRemoved
   */
  async page(extent: LogExtent, wish: PageWish): Promise<{ page: Omit<LogPage, 'ended'>; frame: number }> {
    try {
      return await readLogPage(extent.archived ? this.#inArchive(extent) : this.stored, extent, wish);
    } catch (error) {
      if (!(error instanceof LogRemoved || error instanceof ArchiveUnavailable)) throw error;
      const now = await this.extent();
      if (now.length < extent.length) throw new LogRemoved('The log was removed while it was read.', { cause: error });
      if (extent.archived || !now.archived) throw error;
      return readLogPage(this.#inArchive(now), now, wish);
    }
  }

  #inArchive(extent: LogExtent): LogSource {
    if (!this.#archive) throw new ArchiveUnavailable('The log is in the archive, but CHAINR_ARCHIVE is not set here.');
    const { length } = extent;
    const size = sizeOfLog(extent);
    this.#archived ??= archivedLog(this.#archive.objects, logObjectName(this.#archive, this.#place), { length, size });
    return this.#archived;
  }
}

/** What bytes and frames of a log need together. */
export const sizeOfLog = ({ length, frames }: LogExtent): number =>
  length + (typeof frames === 'number' ? frames : frames.length);

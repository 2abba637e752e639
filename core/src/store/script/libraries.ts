import type { Redis } from 'ioredis';
import { keys } from '../redis/keys.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';
import { libraryPrefix, type Library } from './library.js';

/** A library that no process has announced for so long is dropped. Who still needs it loads it again. */
const unusedMs = 3_600_000;
/** How often a process announces its library. */
export const announceEveryMs = unusedMs / 6;

/** The libraries of functions in Redis: one of each version of chainr that has run lately. */
export class Libraries {
  readonly #connection: Redis;
  readonly #now: () => Promise<number>;

  constructor(connection: Redis, now: () => Promise<number>) {
    this.#connection = connection;
    this.#now = now;
  }

  /** Says that a process uses a library. @throws StoreUnavailable, StoreFull */
  async announce({ name }: Library): Promise<void> {
    await translateRedisErrors(async () => {
      await this.#connection.zadd(keys.libraries, await this.#now(), name);
    });
  }

  /** Drops the libraries of chainr that no process uses any more. @returns how many those were. */
  async dropUnused(): Promise<number> {
    return translateRedisErrors(async () => {
      const now = await this.#now();
      const listed = (await this.#connection.function('LIST', 'LIBRARYNAME', `${libraryPrefix}*`)) as unknown[][];
      const present = listed.map((library) => String(library[library.indexOf('library_name') + 1]));
      // One that nobody has announced counts as used now: it goes an hour later.
      if (present.length > 0)
        await this.#connection.zadd(keys.libraries, 'NX', ...present.flatMap((name) => [String(now), name]));
      const unused = await this.#connection.zrange(keys.libraries, 0, String(now - unusedMs), 'BYSCORE');
      for (const name of unused) {
        if (present.includes(name)) await this.#connection.function('DELETE', name);
        await this.#connection.zrem(keys.libraries, name);
      }
      return unused.length;
    });
  }
}

import type { Redis } from 'ioredis';
import { keys } from '../redis/keys.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';

/** Who of many processes does what only one does. */
export class Turns {
  readonly #connection: Redis;

  constructor(connection: Redis) {
    this.#connection = connection;
  }

  /**
   * Takes or keeps a turn: whether the caller does something that only one of many processes does. The turn is kept by
   * asking again in time.
   */
  async take(name: string, owner: string, forMs: number): Promise<boolean> {
    return translateRedisErrors(async () => {
      const key = keys.turn(name);
      if ((await this.#connection.set(key, owner, 'PX', forMs, 'NX')) === 'OK') return true;
      if ((await this.#connection.get(key)) !== owner) return false;
      await this.#connection.pexpire(key, forMs);
      return true;
    });
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { StoreFull, StoreUnavailable } from './errors.js';
import { isAway, isFull } from './failures.js';

/** Runs commands of a connection. Errors become StoreUnavailable if Redis is away, and StoreFull if it is full. */
export async function translateRedisErrors<T>(commands: () => Promise<T>): Promise<T> {
  try {
    return await commands();
  } catch (error) {
    if (isAway(error)) throw new StoreUnavailable('Redis does not answer', { cause: error });
    if (isFull(error)) throw new StoreFull('Redis has no memory left', { cause: error });
    throw error;
  }
}

/** The pause before it asks again. */
const patienceStepMs = 200;

/** The same for a caller that has begun its answer and can no longer report an outage: retries until Redis is back. */
export async function retryUntilAvailable<T>(commands: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await translateRedisErrors(commands);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await pause(patienceStepMs, undefined, { signal });
    }
  }
}

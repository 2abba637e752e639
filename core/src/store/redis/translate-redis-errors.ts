import { setTimeout as pause } from 'node:timers/promises';
import { StoreFull, StoreUnavailable } from './errors.js';

/** The errors of ioredis for a command that the connection did not carry, or not in time. */
const broken =
  /Connection is closed|Command timed out|Command aborted due to connection close|Stream isn't writeable|max retries|ECONN|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|no answer for/;

/**
 * Whether a server's reply says that it cannot serve right now: it is loading its data, is busy, or is not a master.
 */
export const isRefusal = (message: string): boolean =>
  /^(LOADING|BUSY|MASTERDOWN|READONLY|TRYAGAIN|CLUSTERDOWN|NOREPLICAS|UNBLOCKED)\b/.test(message);

/** Runs commands of a connection. Errors become StoreUnavailable if Redis is away, and StoreFull if it is full. */
export async function translateRedisErrors<T>(commands: () => Promise<T>): Promise<T> {
  try {
    return await commands();
  } catch (error) {
    if (error instanceof Error && (broken.test(error.message) || isRefusal(error.message))) {
      throw new StoreUnavailable('Redis does not answer', { cause: error });
    }
    if (error instanceof Error && error.message.startsWith('OOM ')) {
      throw new StoreFull('Redis has no memory left', { cause: error });
    }
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

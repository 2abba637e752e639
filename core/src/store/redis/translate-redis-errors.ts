import { setTimeout as pause } from 'node:timers/promises';
import { StoreFull, StoreUnavailable } from './errors.js';

/** What ioredis says of a command that its connection did not carry, or not in time. */
const broken =
  /Connection is closed|Command timed out|Command aborted due to connection close|Stream isn't writeable|max retries|ECONN|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|no answer for/;

/** Whether a server's reply says that it cannot serve just now: it loads its data, is busy, or is no master. */
export const isRefusal = (message: string): boolean =>
  /^(LOADING|BUSY|MASTERDOWN|READONLY|TRYAGAIN|CLUSTERDOWN|NOREPLICAS|UNBLOCKED)\b/.test(message);

/** Runs commands of a connection; what says that Redis is away becomes StoreUnavailable, that it is full StoreFull. */
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

/** How long it waits before it asks again. */
const patienceStepMs = 200;

/** The same for who has begun to answer and cannot say any more that Redis is away: asks again until it is back. */
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

import { setTimeout as pause } from 'node:timers/promises';
import { StoreFull, StoreUnavailable } from './errors.js';

const away =
  /Connection is closed|Command timed out|Stream isn't writeable|max retries|ECONN|ENOENT|EPIPE|^(LOADING|BUSY|MASTERDOWN|READONLY)\b/;

/** Runs commands of a connection; what says that Redis is away becomes StoreUnavailable, that it is full StoreFull. */
export async function whileAvailable<T>(commands: () => Promise<T>): Promise<T> {
  try {
    return await commands();
  } catch (error) {
    if (error instanceof Error && away.test(error.message)) {
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
export async function patiently<T>(commands: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await whileAvailable(commands);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await pause(patienceStepMs, undefined, { signal });
    }
  }
}

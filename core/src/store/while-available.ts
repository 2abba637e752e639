import { StoreUnavailable } from './errors.js';

const away =
  /Connection is closed|Command timed out|Stream isn't writeable|max retries|ECONN|ENOENT|EPIPE|^(LOADING|BUSY|MASTERDOWN|READONLY)\b/;

/** Runs commands of a connection; what says that Redis is away becomes StoreUnavailable. */
export async function whileAvailable<T>(commands: () => Promise<T>): Promise<T> {
  try {
    return await commands();
  } catch (error) {
    if (error instanceof Error && away.test(error.message)) {
      throw new StoreUnavailable('Redis does not answer', { cause: error });
    }
    throw error;
  }
}

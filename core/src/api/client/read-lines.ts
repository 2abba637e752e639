import { LineSplitter } from '../../async/line-splitter.js';
import { ConnectionError } from './request-error.js';

/**
 * Yields the lines of a body as they come, without newlines; empty lines too. A last line without a newline was cut off
 * and is dropped.
 *
 * @throws ConnectionError if the connection broke; the signal's reason if it was aborted
 */
export async function* readLines(
  body: ReadableStream<Uint8Array>,
  address: string,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const reader = body.getReader();
  const lines = new LineSplitter();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      yield* lines.take(part.value);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new ConnectionError(address, error);
  } finally {
    // A body that broke or was read to its end has nothing left to cancel.
    await reader.cancel().catch(() => undefined);
  }
}

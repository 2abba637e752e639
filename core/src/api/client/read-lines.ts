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
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + decoder.decode(part.value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new ConnectionError(address, error);
  } finally {
    // A body that broke or was read to its end has nothing left to cancel.
    await reader.cancel().catch(() => undefined);
  }
}

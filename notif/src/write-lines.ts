import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Line } from './event-line.js';

/** A client that reads nothing for so long is cut; it can come back with its cursor. */
const stallMs = 30_000;

/**
 * Writes lines and waits until the client has read them.
 *
 * @returns false if the client has disconnected, or was cut because it reads nothing
 */
export async function writeLines(
  response: ServerResponse,
  lines: readonly Line[],
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return false;
  if (response.write(lines.map((line) => line.text).join(''))) return true;
  try {
    await once(response, 'drain', { signal: AbortSignal.any([signal, AbortSignal.timeout(stallMs)]) });
    return true;
  } catch {
    // Gone, stopped or stalled: in each case the last line may be incomplete.
    response.destroy();
    return false;
  }
}

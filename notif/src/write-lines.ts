import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Line } from './event-line.js';

/** A client that takes nothing for so long is cut; it comes back with its cursor. */
const stallMs = 30_000;

/**
 * Writes lines and waits until the client has taken them.
 *
 * @returns false when the client has gone or was cut because it takes nothing
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
    // Gone, stopped or stalled: in each case what was written last may be cut short.
    response.destroy();
    return false;
  }
}

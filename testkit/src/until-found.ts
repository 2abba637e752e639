import { inspect } from 'node:util';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';

export interface LookOptions {
  /** The deadline; generous, since the machine may have other things to do. */
  withinMs?: number;
  /** The pause between two looks; 0 for a turn of the event loop. */
  everyMs?: number;
}

/**
 * Looks again and again until it sees what is wanted, and returns that. After the deadline it fails with what it waited
 * for and what it saw last.
 * @param what what is waited for, as in `waited 100 s for a message in the queue`
 * @param isFound whether this is what is wanted; by default whatever is truthy
 */
export async function untilFound<T>(
  what: string,
  look: () => T | Promise<T>,
  isFound: (seen: T) => boolean = Boolean,
  { withinMs = 100_000, everyMs = 10 }: LookOptions = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (isFound(seen)) return seen;
    if (performance.now() > deadline) {
      const last = inspect(seen, { depth: 4, maxArrayLength: 20, maxStringLength: 4_000 });
      throw new Error(`waited ${withinMs / 1_000} s for ${what}; seen last: ${last}`);
    }
    await (everyMs === 0 ? turn() : pause(everyMs));
  }
}

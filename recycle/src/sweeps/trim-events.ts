import type { Sweep } from '@chainr/core/service/sweep';
import type { RetentionContext } from '../context.js';

/** Poll interval. */
const everyMs = 10_000;

/** Trims the event stream. Writers never do this, so that no transition pays for it (see Event stream). */
export function trimEvents({ store, config: { eventRetentionMs, eventLimitBytes } }: RetentionContext): Sweep {
  return {
    name: 'trim-events',
    window: 'The event stream only grows; who comes back with a cursor that is gone is told to resync.',
    everyMs,
    sweep: async (signal) => {
      const before = eventRetentionMs === 0 ? 0 : (await store.now()) - eventRetentionMs;
      return { changed: await store.events.trim({ before, limitBytes: eventLimitBytes }, signal) };
    },
  };
}

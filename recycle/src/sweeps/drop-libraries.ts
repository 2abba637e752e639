import type { Sweep } from '@chainr/core/service/sweep';
import type { RecycleContext } from '../context.js';

/** Poll interval. */
const everyMs = 600_000;

export function dropLibraries({ store }: RecycleContext): Sweep {
  return {
    name: 'drop-libraries',
    window: 'A library of functions that no process uses any more, after an upgrade.',
    everyMs,
    sweep: async () => ({ changed: await store.libraries.dropUnused() }),
  };
}

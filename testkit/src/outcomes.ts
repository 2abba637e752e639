import type { Outcome } from '@chainr/core/engine/outcome';

/** How an attempt ends whose exit code is 0. */
export const completed = { reason: 'Completed', exitCode: 0 } as const satisfies Outcome;

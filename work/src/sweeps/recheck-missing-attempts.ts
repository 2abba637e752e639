import type { Sweep } from '@chainr/core/service/sweep';
import type { AttemptKey } from '@chainr/executor/port';
import type { AttemptRunner } from '../attempt/attempt-runner.js';
import type { WorkContext } from '../context.js';

/** Poll interval. */
const lookEveryMs = 60_000;

const nameOf = ({ run, job, attempt }: AttemptKey): string => `${run}/${job}/${String(attempt)}`;

/** An attempt that one pass does not find may have just begun. One that two passes do not find is looked at again. */
export function recheckMissingAttempts(
  { executor }: Pick<WorkContext, 'executor'>,
  runner: AttemptRunner,
  everyMs = lookEveryMs,
): Sweep {
  let missed = new Set<string>();
  return {
    name: 'recheck-missing-attempts',
    window: 'An attempt without a container: somebody removed it, and its observer never heard of that.',
    everyMs,
    sweep: async () => {
      const held = runner.list();
      if (held.length === 0) return { changed: 0 };
      const found = new Set((await executor.list()).map(nameOf));
      const missing = held.filter(({ spec }) => !found.has(nameOf(spec)));
      const again = missing.filter(({ held: { key } }) => missed.has(key));
      missed = new Set(missing.map(({ held: { key } }) => key));
      const looks = await Promise.all(again.map((attempt) => attempt.recheck(executor)));
      return { changed: looks.filter(Boolean).length };
    },
  };
}

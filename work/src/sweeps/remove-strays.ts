import type { Sweep } from '@chainr/core/service/sweep';
import type { FoundAttempt } from '@chainr/executor/port';
import type { WorkContext } from '../context.js';

export interface StrayTimes {
  everyMs: number;
  /** What Redis does not know must have been seen for so long (rule R3). */
  knownForMs: number;
  /** And Redis must have been up for so long. */
  redisUpMs: number;
}

/** Rule R3, for every installation; only tests are in more of a hurry. */
const usual: StrayTimes = { everyMs: 60_000, knownForMs: 120_000, redisUpMs: 300_000 };

const allow = (): void => undefined;

/**
 * What is here of this instance and belongs to no attempt that is open. Of an attempt that is over, the host of which
 * was given up and has come back, what still runs is stopped at once; what Redis does not know at all goes only when
 * it was seen for long, since a Redis that has just come back may yet learn of it.
 */
export function removeStrays(
  { store, executor, executorNumber, owner, config, logger }: WorkContext,
  times: StrayTimes = usual,
): Sweep {
  /** When each was first seen without an attempt, by the monotonic clock. */
  let strays = new Map<string, number>();
  return {
    name: 'remove-strays',
    window:
      'A container without an attempt: Redis lost it, its run was deleted, or its host was given up and has come back.',
    everyMs: times.everyMs,
    sweep: async () => {
      if (!(await store.work.takeTurn(`strays:${String(executorNumber())}`, owner, 3 * times.everyMs)))
        return { changed: 0 };
      const [{ upMs }, now] = await Promise.all([store.work.serverLife(), store.work.now()]);
      const seen = new Map<string, number>();
      let changed = 0;
      for (const found of await executor.list()) {
        const name = `${found.run}/${found.job}/${String(found.attempt)}`;
        const index = (await store.runs.findJob(found.run, found.job))?.index;
        const standing = await store.work.lookUpAttempt(found.run, index, found.attempt);
        if (standing.kind === 'open') continue;
        if (standing.kind === 'over') {
          const graceOver = standing.closedAt === undefined || now - standing.closedAt > 2 * config.removalGraceMs;
          changed += await end(
            found,
            graceOver && !(await store.work.isDue(executorNumber(), { ...found, index: index ?? 0 })),
          );
          continue;
        }
        const since = strays.get(name) ?? performance.now();
        seen.set(name, since);
        if (upMs >= times.redisUpMs && performance.now() - since >= times.knownForMs) changed += await end(found, true);
      }
      strays = seen;
      return { changed, lagMs: Math.max(0, ...[...seen.values()].map((since) => performance.now() - since)) };
    },
  };

  /** @returns how many were ended or removed: one or none. */
  async function end(found: FoundAttempt, remove: boolean): Promise<number> {
    if (!found.alive && !remove) return 0;
    const { run, job, attempt, alive } = found;
    logger.warn({ event: 'stray.found', run, job, attempt, alive, remove }, 'A container without an attempt is ended');
    if (alive) await executor.stop(found, config.stopGraceMs, allow);
    if (remove) await executor.remove(found, allow);
    return 1;
  }
}

import type { Sweep } from '@chainr/core/service/sweep';
import type { AttemptId } from '@chainr/core/store/redis/keys';
import type { AttemptKey, FoundAttempt } from '@chainr/executor/port';
import type { WorkContext } from '../context.js';
import { GrowingPauses } from './growing-pauses.js';

export interface StrayTimes {
  everyMs: number;
  /** How long an attempt that Redis does not know must have been seen (see Instances). */
  knownForMs: number;
  /** How long Redis must have been up. */
  redisUpMs: number;
}

/** The times of every installation (see Instances). Only tests use shorter ones. */
const usual: StrayTimes = { everyMs: 60_000, knownForMs: 120_000, redisUpMs: 300_000 };

const allow = (): void => undefined;

/**
 * Ends and removes attempts of this instance that are here but not open. If an attempt is over because its host was
 * given up and the host came back, whatever still runs of it is stopped at once. If Redis does not know it at all, it
 * is removed only after it was seen for long, since a Redis that has just come back may still learn of it.
 */
export function removeStrays(
  { store, executor, owner, config, logger }: WorkContext,
  times: StrayTimes = usual,
): Sweep {
  /** When each was first seen without an attempt, by the monotonic clock. */
  const strays = new Map<string, number>();
  const pauses = new GrowingPauses(times.everyMs);
  return {
    name: 'remove-strays',
    window:
      'A container without an attempt: Redis lost it, its run was deleted, or its host was given up and has come back.',
    everyMs: times.everyMs,
    sweep: async () => {
      if (!(await store.turns.take(`strays:${executor.id}`, owner, 3 * times.everyMs))) return { changed: 0 };
      const [{ upMs }, now, numbers] = await Promise.all([
        store.serverLife.read(),
        store.now(),
        store.executors.numbersOf(executor.id),
      ]);
      const all = await executor.list();
      const names = new Set(all.map(nameOf));
      pauses.keepOnly(names);
      for (const name of strays.keys()) if (!names.has(name)) strays.delete(name);
      let changed = 0;
      const over: { found: FoundAttempt; remove: boolean }[] = [];
      for (const found of all) {
        const name = nameOf(found);
        const index = (await store.runs.findJob(found.run, found.job))?.index;
        const standing = await store.remains.lookUp(found.run, index, found.attempt);
        if (standing.kind !== 'unknown') strays.delete(name);
        if (standing.kind === 'open') continue;
        if (standing.kind === 'over') {
          const graceOver = standing.closedAt === undefined || now - standing.closedAt > 2 * config.removalGraceMs;
          const remove = graceOver && !(await isDue(numbers, { ...found, index: index ?? 0 }));
          if (found.alive || remove) over.push({ found, remove });
          continue;
        }
        const since = strays.get(name) ?? performance.now();
        strays.set(name, since);
        if (upMs >= times.redisUpMs && performance.now() - since >= times.knownForMs) changed += await end(found, true);
      }
      // What was alive at the first look may have ended and been closed since.
      const again = over.length === 0 ? [] : await executor.list();
      const alive = new Set(again.flatMap((found) => (found.alive ? [nameOf(found)] : [])));
      for (const { found, remove } of over) {
        changed += await end({ ...found, alive: alive.has(nameOf(found)) }, remove);
      }
      return { changed, lagMs: Math.max(0, ...[...strays.values()].map((since) => performance.now() - since)) };
    },
  };

  /** In any pool: another one's worker may be about to remove it. */
  async function isDue(numbers: readonly number[], id: AttemptId): Promise<boolean> {
    return (await Promise.all(numbers.map((number) => store.remains.isDue(number, id)))).some(Boolean);
  }

  /**
   * Ends or removes one attempt. A failure does not affect the others.
   * @returns how many: one or none
   */
  async function end(found: FoundAttempt, remove: boolean): Promise<number> {
    if (!found.alive && !remove) return 0;
    const { run, job, attempt, alive } = found;
    const named = { run, job, attempt, alive, remove };
    const name = nameOf(found);
    if (!pauses.hasFailed(name))
      logger.warn({ event: 'stray.found', ...named }, 'Stopping a container that belongs to no attempt');
    const work = async (): Promise<void> => {
      if (alive) await executor.stop(found, config.stopGraceMs, allow);
      if (remove) await executor.remove(found, allow);
    };
    const warn = (err: unknown): void => {
      const sentence = 'A container without an attempt could not be ended; trying again, less and less often';
      logger.warn({ event: 'stray.stuck', ...named, err }, sentence);
    };
    return (await pauses.tryOnce(name, work, warn)) ? 1 : 0;
  }
}

const nameOf = ({ run, job, attempt }: AttemptKey): string => `${run}/${job}/${String(attempt)}`;

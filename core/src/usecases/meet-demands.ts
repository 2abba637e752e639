import type { ExecutorKind } from '../engine/records.js';
import type { Demand } from '../pipeline/demands.js';
import { MistakeList, type Mistake } from '../pipeline/mistakes.js';
import type { WorkerRegistry } from '../store/work/worker-registry.js';

/** What the workers of a pool cannot do, and what they ignore. */
export interface Unmet {
  mistakes: Mistake[];
  warnings: Mistake[];
}

/** Who knows the workers that are there. */
export interface PresentWorkers {
  workers: Pick<WorkerRegistry, 'list'>;
}

/** Which demands the executors of each kind meet. */
const met: Readonly<Record<ExecutorKind, readonly Demand['what'][]>> = {
  process: [],
  docker: ['services'],
  kubernetes: ['services', 'clusterValue', 'podSettings'],
  fake: ['services', 'clusterValue', 'podSettings'],
};

/** `by`: workers that do not meet the demand. */
const describeUnmet: Readonly<Record<Demand['what'], (by: string) => string>> = {
  services: (by) => `cannot be run by ${by}; choose a pool with the docker or kubernetes executor: pool: NAME`,
  clusterValue: (by) =>
    `is a value of a cluster, which cannot be read by ${by}; choose a pool with the kubernetes executor: pool: NAME, or write { secret: NAME }`,
  podSettings: (by) => `is ignored by ${by}`,
};

/**
 * Compares what a pipeline demands with the workers that are there: all workers of a pool have one kind of executor
 * (see Pools). A pool without workers may get any, so nothing is said about it; the executor says it when the job starts.
 */
export async function meetDemands(
  { workers }: PresentWorkers,
  demands: readonly Demand[],
  defaultPool: string,
): Promise<Unmet> {
  if (demands.length === 0) return { mistakes: [], warnings: [] };
  const kinds = new Map((await workers.list()).map(({ pool, executor }) => [pool, executor]));
  const mistakes = new MistakeList();
  const warnings = new MistakeList();
  for (const { what, path, pool = defaultPool } of demands) {
    const kind = kinds.get(pool);
    if (kind === undefined || met[kind].includes(what)) continue;
    const unmet = describeUnmet[what](`the workers of the pool "${pool}", which have the ${kind} executor`);
    if (what === 'podSettings') warnings.add(path, unmet);
    else mistakes.add(path, unmet);
  }
  return { mistakes: mistakes.list(), warnings: warnings.list() };
}

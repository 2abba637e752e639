import type { ConditionMask } from '../pipeline/conditions.js';
import { topologicalOrder, turnRound } from '../pipeline/graph.js';
import type { Pipeline } from '../pipeline/pipeline.js';

/** The edges that lead to a job: what it depends on, by index. */
export type Dependencies = readonly { index: number; mask: ConditionMask }[];

/** Of each job of a pipeline what it depends on, by index. Costs O(jobs + edges). */
export function dependenciesOf({ jobs }: Pick<Pipeline, 'jobs'>): Dependencies[] {
  const indexes = new Map(jobs.map(({ name }, index) => [name, index]));
  return jobs.map(({ dependsOn }) => dependsOn.map(({ job, mask }) => ({ index: indexes.get(job) ?? -1, mask })));
}

/** All jobs by their index, dependencies before dependents. */
export const dependenciesFirst = (dependencies: readonly Dependencies[]): number[] =>
  topologicalOrder(turnRound(dependencies.map((edges) => edges.map(({ index }) => index))));

/** Who waits for one of some jobs, directly or not, dependencies before dependents; those jobs are left out. */
export function transitiveDependents(dependencies: readonly Dependencies[], of: Iterable<number>): number[] {
  const roots = new Set(of);
  const reached = new Set(roots);
  for (const index of dependenciesFirst(dependencies)) {
    if (dependencies[index]?.some((edge) => reached.has(edge.index))) reached.add(index);
  }
  return [...reached].filter((index) => !roots.has(index));
}

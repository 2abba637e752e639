import type { ConditionMask } from '../pipeline/conditions.js';
import { topologicalOrder, reverseEdges } from '../pipeline/graph.js';

/** The dependencies of a job, by index. */
export type Dependencies = readonly { index: number; mask: ConditionMask }[];

/** All jobs by their index, dependencies before dependents. */
export const dependenciesFirst = (dependencies: readonly Dependencies[]): number[] =>
  topologicalOrder(reverseEdges(dependencies.map((edges) => edges.map(({ index }) => index))));

/**
 * All direct and indirect dependents of some jobs, dependencies before dependents. The jobs themselves are left out.
 */
export function transitiveDependents(dependencies: readonly Dependencies[], of: Iterable<number>): number[] {
  const roots = new Set(of);
  const reached = new Set(roots);
  for (const index of dependenciesFirst(dependencies)) {
    if (dependencies[index]?.some((edge) => reached.has(edge.index))) reached.add(index);
  }
  return [...reached].filter((index) => !roots.has(index));
}

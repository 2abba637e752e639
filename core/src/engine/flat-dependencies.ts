import type { Dependencies } from './transitive-dependents.js';

/**
 * The dependencies of all jobs as typed arrays. These pass to another thread without a copy; 100,000 objects would be
 * slow.
 */
export interface FlatDependencies {
  /**
   * For each job, the end of its dependencies in the other two arrays. They start where those of the previous job end.
   */
  ends: Uint32Array<ArrayBuffer>;
  /** The index of each dependency. */
  indexes: Uint16Array<ArrayBuffer>;
  masks: Uint8Array<ArrayBuffer>;
}

export function flattenDependencies(dependencies: readonly Dependencies[]): FlatDependencies {
  const ends = new Uint32Array(dependencies.length);
  const total = dependencies.reduce((sum, { length }, job) => (ends[job] = sum + length), 0);
  const indexes = new Uint16Array(total);
  const masks = new Uint8Array(total);
  let at = 0;
  for (const edges of dependencies) {
    for (const { index, mask } of edges) {
      indexes[at] = index;
      masks[at] = mask;
      at += 1;
    }
  }
  return { ends, indexes, masks };
}

/** The number of dependencies of each job. */
export function countDependencies({ ends }: FlatDependencies): number[] {
  return Array.from(ends, (end, job) => end - (ends[job - 1] ?? 0));
}

/** The inverse of `flattenDependencies`. */
export function dependenciesIn({ ends, indexes, masks }: FlatDependencies): Dependencies[] {
  return Array.from(ends, (end, job) => {
    const start = ends[job - 1] ?? 0;
    return Array.from({ length: end - start }, (_, place) => ({
      index: indexes[start + place] ?? 0,
      mask: masks[start + place] ?? 0,
    }));
  });
}

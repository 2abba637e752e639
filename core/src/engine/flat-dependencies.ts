import type { Dependencies } from './transitive-dependents.js';

/**
 * The dependencies of all jobs as numbers in a row: 100,000 of them go from one thread to another in no time, which
 * as many objects do not.
 */
export interface FlatDependencies {
  /** Of each job where its dependencies end in the other two; they begin where those of the job before end. */
  ends: Uint32Array<ArrayBuffer>;
  /** The index of the job that is depended on. */
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

/** How many dependencies each job has. */
export function countDependencies({ ends }: FlatDependencies): number[] {
  return Array.from(ends, (end, job) => end - (ends[job - 1] ?? 0));
}

/** As `flattenDependencies` was given them. */
export function dependenciesIn({ ends, indexes, masks }: FlatDependencies): Dependencies[] {
  return Array.from(ends, (end, job) => {
    const start = ends[job - 1] ?? 0;
    return Array.from({ length: end - start }, (_, place) => ({
      index: indexes[start + place] ?? 0,
      mask: masks[start + place] ?? 0,
    }));
  });
}

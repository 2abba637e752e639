import { Suggestions } from '../did-you-mean.js';
import { maskOf, type ConditionMask } from '../conditions.js';
import { findCycles } from './find-cycles.js';
import { pipelineLimits } from '../limits.js';
import { quote, type MistakeList, type Path } from '../mistakes.js';
import { isPlainMap, type PlainMap } from '../plain-values.js';

/** A job as it was read, whether or not the rest of it is valid. */
export type ReadJob = readonly [name: string, fields: unknown];

/** Longer cycles are shortened in messages. */
const longestNamedCycle = 10;

/** The dependencies of each job, in the order of the jobs. */
export type Edges = readonly (readonly Edge[])[];

/**
 * Checks the edges between jobs that can be read; mistakes reported elsewhere are not repeated.
 * @returns the edges; undefined if they form no usable graph
 */
export function checkDependencies(jobs: readonly ReadJob[], mistakes: MistakeList): Edges | undefined {
  const names = jobs.map(([name]) => name);
  const indexOf = new Map(names.map((name, index) => [name, index]));
  const suggestions = new Suggestions(names);
  const edges = jobs.map(([name, fields]) => checkEdgesOf(name, fields, indexOf, suggestions, mistakes));

  const total = edges.reduce((sum, { length }) => sum + length, 0);
  if (total > pipelineLimits.dependencies) {
    mistakes.add(
      ['jobs'],
      `have ${String(total)} dependencies, but at most ${String(pipelineLimits.dependencies)} are allowed`,
    );
  }
  const cycles = findCycles(edges.map((own) => own.map(({ to }) => to)));
  for (const cycle of cycles) {
    const [first = 0, second = first] = cycle;
    const entry = edges[first]?.find(({ to }) => to === second)?.entry ?? 0;
    const path = cycle.map((index) => names[index] ?? '');
    mistakes.add(['jobs', path[0] ?? '', 'dependsOn', entry], `these jobs wait for each other: ${nameCycle(path)}`);
  }
  return cycles.length === 0 && total <= pipelineLimits.dependencies ? edges : undefined;
}

export interface Edge {
  /** The index of the dependency. */
  to: number;
  /** Its index in `dependsOn`. */
  entry: number;
}

function checkEdgesOf(
  name: string,
  fields: unknown,
  indexOf: ReadonlyMap<string, number>,
  suggestions: Suggestions,
  mistakes: MistakeList,
): Edge[] {
  const dependsOn = isPlainMap(fields) ? fields.dependsOn : undefined;
  if (!Array.isArray(dependsOn)) return [];
  const named = new Set<string>();
  const edges: Edge[] = [];
  for (const [entry, written] of dependsOn.entries()) {
    const own: Path = ['jobs', name, 'dependsOn', entry];
    const dependency: unknown = isPlainMap(written) ? written.job : written;
    if (isPlainMap(written) && isPlainMap(written.conditions) && readMask(written.conditions) === 0) {
      mistakes.add([...own, 'conditions'], 'no condition is true, so the job could never start');
    }
    if (typeof dependency !== 'string') continue;
    const path = isPlainMap(written) ? [...own, 'job'] : own;
    const to = indexOf.get(dependency);
    if (named.has(dependency)) mistakes.add(path, `${quote(dependency)} is named twice`);
    else if (dependency === name) mistakes.add(path, 'the job depends on itself');
    else if (to === undefined)
      mistakes.add(path, () => `there is no job ${quote(dependency)}${suggestions.of(dependency)}`);
    else edges.push({ to, entry });
    named.add(dependency);
  }
  return edges;
}

/**
 * The condition bits of one edge. Missing keys are false; if none is true and `success` is not written, success is
 * true.
 */
export function readMask(conditions: PlainMap = {}): ConditionMask {
  const isTrue = (key: string): boolean => conditions[key] === true;
  const mask = maskOf({ success: isTrue('success'), failure: isTrue('failure'), skipped: isTrue('skipped') });
  return mask === 0 && !Object.hasOwn(conditions, 'success') ? maskOf({ success: true }) : mask;
}

/** `a → b → a`; for a long cycle, the middle is only counted. */
function nameCycle(path: readonly string[]): string {
  const closed = [...path, path[0] ?? ''];
  if (path.length <= longestNamedCycle) return closed.join(' → ');
  const left = path.length - longestNamedCycle;
  return [...path.slice(0, longestNamedCycle - 1), `(${String(left)} more)`, ...closed.slice(-2)].join(' → ');
}

import { pipelineLimits } from './limits.js';
import type { MistakeList, Path } from './mistakes.js';

/** A map of a document without a prototype: only the keys that were written exist. */
export type PlainMap = Record<string, unknown>;

export function isPlainMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The fields of a map in their order, as it was read (a Map) or built (a plain object); undefined for everything else.
 * `__proto__` is reported and left out: as the key of an object it would not be a plain key.
 */
export function fieldsOf(value: unknown, path: Path, mistakes: MistakeList): [string, unknown][] | undefined {
  let entries: [unknown, unknown][];
  if (value instanceof Map) entries = [...(value as Map<unknown, unknown>)];
  else if (isBuiltMap(value)) entries = Object.entries(value).filter(([, field]) => field !== undefined);
  else return undefined;
  return entries.filter((entry): entry is [string, unknown] => {
    const [key] = entry;
    if (typeof key !== 'string') mistakes.add(path, 'has a key that is not text');
    else if (key === '__proto__') mistakes.add([...path, key], 'the name "__proto__" is reserved, choose another');
    else return isStorable(key, [...path, key], mistakes);
    return false;
  });
}

/** The number of fields of a map; 0 for everything else. */
export function sizeOfMap(value: unknown): number {
  if (value instanceof Map) return value.size;
  return isBuiltMap(value) ? Object.keys(value).length : 0;
}

function isBuiltMap(value: unknown): value is PlainMap {
  if (!isPlainMap(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** Whether a field of a pipeline, job or step is not chainr's: it may be anything, and nothing is kept of it. */
export const isIgnored = (field: string): boolean => field.startsWith('x-');

/** The most entries of a list or map, by the name of its field. */
const mostEntries = new Map<string | number, number>([
  ['env', pipelineLimits.variables],
  ['command', pipelineLimits.commandWords],
  ['args', pipelineLimits.commandWords],
  ['dependsOn', pipelineLimits.jobs],
  ['labels', pipelineLimits.labels],
  ['requests', pipelineLimits.resourceNames],
  ['limits', pipelineLimits.resourceNames],
]);

/**
 * Copies a document's value into plain data: maps without a prototype, lists, text, numbers, booleans, null. Reports
 * what no program could be given or Redis could not return. A list or map above the limit of its field is not copied:
 * it is reported, and undefined stands for the whole value. Fields that `isIgnored` in a job
 * or step are left out.
 */
export function toPlain(value: unknown, path: Path, mistakes: MistakeList): unknown {
  const copier = new Copier(path, mistakes);
  const copy = copier.copy(value);
  return copier.foundTooLarge ? undefined : copy;
}

const notJson = 'is not a value that JSON can represent';

class Copier {
  readonly #mistakes: MistakeList;
  /** The current path: one list that grows and shrinks, since a copy for each value would cost more than the values. */
  readonly #path: (string | number)[];
  foundTooLarge = false;

  constructor(path: Path, mistakes: MistakeList) {
    this.#path = [...path];
    this.#mistakes = mistakes;
  }

  copy(value: unknown): unknown {
    if (this.#path.length > pipelineLimits.depth) {
      this.#mistakes.add(this.#path.slice(0, 3), `is nested deeper than ${String(pipelineLimits.depth)} levels`);
      return null;
    }
    if (typeof value === 'string') {
      isStorable(value, this.#path, this.#mistakes);
      return value;
    }
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) this.#mistakes.add(this.#path, notJson);
      return value;
    }
    if (value === null || typeof value === 'boolean') return value;
    if (Array.isArray(value)) {
      return this.#isTooLarge(value.length) ? null : value.map((item, index) => this.#copyAt(index, item));
    }
    if (value instanceof Map && this.#isTooLarge(value.size)) return null;
    const fields = fieldsOf(value, this.#path, this.#mistakes);
    if (!fields) {
      this.#mistakes.add(this.#path, notJson);
      return null;
    }
    if (this.#isTooLarge(fields.length)) return null;
    const map = Object.create(null) as PlainMap;
    for (const [key, field] of fields) {
      if (!isIgnored(key) || !this.#isAtJobOrStep()) map[key] = this.#copyAt(key, field);
    }
    return map;
  }

  /** `jobs.NAME` and `jobs.NAME.steps[N]`; elsewhere, as in labels, a name may begin so and mean something. */
  #isAtJobOrStep(): boolean {
    const [first, , third] = this.#path;
    if (first !== 'jobs') return false;
    return this.#path.length === 2 || (this.#path.length === 4 && third === 'steps');
  }

  #copyAt(place: string | number, value: unknown): unknown {
    this.#path.push(place);
    const copy = this.copy(value);
    this.#path.pop();
    return copy;
  }

  #isTooLarge(count: number): boolean {
    const most = mostEntries.get(this.#path.at(-1) ?? '') ?? pipelineLimits.entries;
    if (count <= most) return false;
    this.foundTooLarge = true;
    this.#mistakes.add(this.#path, `has ${String(count)} entries, but at most ${String(most)} are allowed`);
    return true;
  }
}

function isStorable(text: string, path: Path, mistakes: MistakeList): boolean {
  if (text.includes('\0')) mistakes.add(path, 'contains a zero byte, which cannot be passed to a program');
  else if (/\p{Surrogate}/u.test(text)) mistakes.add(path, 'contains an unpaired surrogate (half a character)');
  else return true;
  return false;
}

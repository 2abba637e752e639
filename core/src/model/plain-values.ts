import { pipelineLimits } from './limits.js';
import type { MistakeList, Path } from './mistakes.js';

/** A map of a document without a prototype: what is not written in it is not there. */
export type PlainMap = Record<string, unknown>;

export function isPlainMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The fields of a map as it was read (a Map) or built (a plain object), in their order; undefined
 * for everything else. `__proto__` is reported and left out: as a key of an object it would be
 * read as something else further on.
 */
export function fieldsOf(value: unknown, path: Path, mistakes: MistakeList): [string, unknown][] | undefined {
  let entries: [unknown, unknown][];
  if (value instanceof Map) entries = [...(value as Map<unknown, unknown>)];
  else if (isBuiltMap(value)) entries = Object.entries(value).filter(([, field]) => field !== undefined);
  else return undefined;
  return entries.filter((entry): entry is [string, unknown] => {
    const [key] = entry;
    if (typeof key !== 'string') mistakes.add(path, 'has a name that is not text');
    else if (key === '__proto__') mistakes.add([...path, key], 'the name "__proto__" is reserved, choose another');
    else return isStorable(key, [...path, key], mistakes);
    return false;
  });
}

function isBuiltMap(value: unknown): value is PlainMap {
  if (!isPlainMap(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/**
 * A copy of a document's value as plain data: maps without a prototype, lists, text, numbers,
 * booleans, null. Reports what no program could be given or Redis could not give back.
 */
export function toPlain(value: unknown, path: Path, mistakes: MistakeList): unknown {
  if (path.length > pipelineLimits.depth) {
    mistakes.add(path.slice(0, 3), `is nested deeper than ${String(pipelineLimits.depth)} levels`);
    return null;
  }
  if (typeof value === 'string') {
    isStorable(value, path, mistakes);
    return value;
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((item, index) => toPlain(item, [...path, index], mistakes));
  const fields = fieldsOf(value, path, mistakes);
  if (!fields) {
    mistakes.add(path, 'is nothing that a document can hold');
    return null;
  }
  const map = Object.create(null) as PlainMap;
  for (const [key, field] of fields) map[key] = toPlain(field, [...path, key], mistakes);
  return map;
}

function isStorable(text: string, path: Path, mistakes: MistakeList): boolean {
  if (text.includes('\0')) mistakes.add(path, 'has a zero byte, which no program can be given');
  else if (/\p{Surrogate}/u.test(text)) mistakes.add(path, 'has half a character (an unpaired surrogate)');
  else return true;
  return false;
}

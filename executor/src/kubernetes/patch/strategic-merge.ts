import { isPlainMap, type PlainMap } from '@chainr/core/pipeline/plain-values';

/** How one field is merged; a field without a rule is replaced, unless it is a map. */
export interface MergeRule {
  /** The field that identifies an item of the list; `''`: the list has plain texts. Absent: the value is a map. */
  mergeKey?: string;
  /** The rules of the map, or of each item of the list. */
  fields?: MergeRules;
}

export type MergeRules = Readonly<Record<string, MergeRule>>;

/**
 * Merges a strategic merge patch, as the API server does for PATCH:
 * https://github.com/kubernetes/apimachinery/blob/master/pkg/util/strategicpatch/patch.go. It knows `$patch`,
 * `$retainKeys` and `$deleteFromPrimitiveList`; `$setElementOrder`, which only tools write, is a mistake.
 * @param say is told of each mistake, with the path of the field
 */
export function mergeStrategically(
  original: PlainMap,
  patch: PlainMap,
  rules: MergeRules,
  say: (path: string, mistake: string) => void,
): PlainMap {
  return new Merger(say).map(original, patch, rules, '');
}

const isDirective = (name: string): boolean => name.startsWith('$');

class Merger {
  readonly #say: (path: string, mistake: string) => void;

  constructor(say: (path: string, mistake: string) => void) {
    this.#say = say;
  }

  map(original: PlainMap, patch: PlainMap, rules: MergeRules, path: string): PlainMap {
    const { $patch: directive } = patch;
    if (directive === 'replace') return withoutDirectives(patch) as PlainMap;
    if (directive === 'delete') return {};
    if (directive !== undefined && directive !== 'merge')
      this.#say(`${path}$patch`, 'must be merge, replace or delete');
    const result = this.#retained(original, patch, path);
    for (const [name, value] of Object.entries(patch)) {
      if (isDirective(name)) this.#direct(result, name, value, rules, path);
    }
    for (const [name, value] of Object.entries(patch)) {
      if (isDirective(name)) continue;
      const present = result[name];
      const { mergeKey, fields = {} } = rules[name] ?? {};
      if (value === null) delete result[name];
      else if (isPlainMap(value) && isPlainMap(present))
        result[name] = this.map(present, value, fields, `${path}${name}.`);
      else if (Array.isArray(value) && Array.isArray(present) && mergeKey !== undefined) {
        result[name] = this.#list(present, value, { mergeKey, fields }, `${path}${name}`);
      } else result[name] = withoutDirectives(value);
    }
    return result;
  }

  #retained(original: PlainMap, patch: PlainMap, path: string): PlainMap {
    const kept = patch['$retainKeys'];
    if (kept === undefined) return { ...original };
    if (!Array.isArray(kept)) {
      this.#say(`${path}$retainKeys`, 'must be a list of fields');
      return { ...original };
    }
    return Object.fromEntries(Object.entries(original).filter(([name]) => kept.includes(name)));
  }

  #direct(result: PlainMap, name: string, value: unknown, rules: MergeRules, path: string): void {
    if (name === '$patch' || name === '$retainKeys') return;
    const [, field] = /^\$deleteFromPrimitiveList\/(.+)$/.exec(name) ?? [];
    if (field === undefined || rules[field]?.mergeKey !== '' || !Array.isArray(value)) {
      this.#say(path + name, 'is not a directive that chainr knows for this field');
      return;
    }
    const present = result[field];
    if (Array.isArray(present)) result[field] = present.filter((item) => !value.includes(item));
  }

  #list(original: unknown[], patch: unknown[], rule: Required<MergeRule>, path: string): unknown[] {
    const { mergeKey, fields } = rule;
    if (mergeKey === '') return ordered(original, patch, [...new Set([...original, ...patch])], (item) => item);
    const keyOf = (item: unknown): unknown => (isPlainMap(item) ? item[mergeKey] : undefined);
    const plain: PlainMap[] = [];
    let base = original;
    for (const [index, item] of patch.entries()) {
      const place = `${path}[${String(index)}]`;
      if (!isPlainMap(item)) {
        this.#say(place, 'must be a map');
        continue;
      }
      const { $patch: directive } = item;
      if (directive === 'replace') base = [];
      else if (keyOf(item) === undefined) this.#say(place, `needs "${mergeKey}", which says what it is merged with`);
      else if (directive === 'delete') base = base.filter((each) => keyOf(each) !== keyOf(item));
      else plain.push(item);
    }
    const merged = new Map(base.map((item) => [keyOf(item), item]));
    for (const item of plain) {
      const present = merged.get(keyOf(item));
      const place = `${path}[${String(keyOf(item))}].`;
      merged.set(keyOf(item), isPlainMap(present) ? this.map(present, item, fields, place) : withoutDirectives(item));
    }
    return ordered(original, plain, [...merged.values()], keyOf);
  }
}

/**
 * The order of a merged list (`mergeSortedSlice` of the API server): items of the patch keep their order among
 * themselves, the others theirs; new items come before those that the patch does not mention.
 */
function ordered(
  original: readonly unknown[],
  patch: readonly unknown[],
  merged: readonly unknown[],
  keyOf: (item: unknown) => unknown,
): unknown[] {
  const placeIn = (list: readonly unknown[]) => new Map(list.map((item, place) => [keyOf(item), place]));
  const [inOriginal, inPatch] = [placeIn(original), placeIn(patch)];
  const by = (places: ReadonlyMap<unknown, number>) => (one: unknown, two: unknown) =>
    (places.get(keyOf(one)) ?? 0) - (places.get(keyOf(two)) ?? 0);
  const left = merged.filter((item) => !inPatch.has(keyOf(item))).sort(by(inOriginal));
  const right = merged.filter((item) => inPatch.has(keyOf(item))).sort(by(inPatch));
  const result: unknown[] = [];
  while (left.length > 0 && right.length > 0) {
    const before = inOriginal.get(keyOf(left[0])) ?? Infinity;
    result.push(before < (inOriginal.get(keyOf(right[0])) ?? -1) ? left.shift() : right.shift());
  }
  return [...result, ...left, ...right];
}

/** A part of a patch with which nothing is merged. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !isPlainMap(item) || item['$patch'] === undefined).map(withoutDirectives);
  }
  if (!isPlainMap(value)) return value;
  const fields = Object.entries(value).filter(([name, field]) => !isDirective(name) && field !== null);
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutDirectives(field)]));
}
